/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-bus-check.h"

#include "channels-error.h"
#include "channels-names.h"

#include <string.h>

/* What a caller may ask for. */

/* Groups that one ticket may name. */
#define TICKET_GROUPS_MAX 64

/* Bytes of a WebSocket close frame's reason; RFC 6455 leaves room for 123. */
#define CLOSE_REASON_MAX 100

/**
 * channels_bus_check_close:
 * @code: what is to be a WebSocket close code
 * @reason: what is to be its reason
 * @error: return location for a `GError`, or `NULL`
 *
 * Fails with `CHANNELS_ERROR_NOT_ALLOWED` for what may not be sent.
 *
 * Returns: `TRUE` if both may be, `FALSE` with @error set otherwise
 */
gboolean
channels_bus_check_close (guint code, const char *reason, GError **error)
{
  if (code != 1000 && code != 1001 && code != 1008 && (code < 4000 || code > 4999))
    {
      g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED,
                   "%u is no close code that may be sent: 1000, 1001, 1008 or 4000 to 4999", code);
      return FALSE;
    }

  if (strlen (reason) > CLOSE_REASON_MAX)
    {
      g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED,
                   "a reason has at most %u bytes, not %" G_GSIZE_FORMAT, CLOSE_REASON_MAX,
                   strlen (reason));
      return FALSE;
    }

  return TRUE;
}

/**
 * channels_bus_check_ticket:
 * @groups: (array zero-terminated=1): groups that a ticket is to be for
 * @origin: the web origin that it is to be for
 * @error: return location for a `GError`, or `NULL`
 *
 * Fails with `CHANNELS_ERROR_NOT_ALLOWED` for too many or too much, and with
 * `CHANNELS_ERROR_INVALID_NAME`. That @origin is one is for the minter to say.
 *
 * Returns: `TRUE` if one may be asked for, `FALSE` with @error set otherwise
 */
gboolean
channels_bus_check_ticket (const char *const *groups, const char *origin, GError **error)
{
  if (g_strv_length ((char **) groups) > TICKET_GROUPS_MAX ||
      strlen (origin) > CHANNELS_ORIGIN_LENGTH_MAX)
    {
      g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED,
                   "a ticket is for at most %u groups and an origin of at most %u bytes",
                   TICKET_GROUPS_MAX, CHANNELS_ORIGIN_LENGTH_MAX);
      return FALSE;
    }

  for (gsize i = 0; groups[i] != NULL; i++)
    {
      if (!channels_group_name_validate (groups[i], error))
        return FALSE;
    }

  return TRUE;
}
