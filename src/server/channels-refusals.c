/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-refusals.h"

#include "channels-guard.h"

/* Who asks is told one plain sentence. The journal, which is the user's own, has the same and the
 * line of the configuration that would have let it in, to be copied; or none, where none would.
 *
 * What stands in such a line came from the peer: a Host and an Origin that have been read strictly,
 * so they are short, printable and hold no secret. Nothing else that it sent is written, least of
 * all its target or its subprotocols, which may hold a ticket. */

/* A ticket is for a WebSocket. */
static char *
advise_stranger (const ChannelsRequestHead *head)
{
  if (!channels_origin_validate (head->origin, NULL))
    return NULL;

  return g_strdup_printf ("“AllowedOrigins=%s” in [Server]%s", head->origin,
                          head->key != NULL ? ", or a ticket for it" : "");
}

/* What would have let it in, or NULL. */
static char *
advise (const ChannelsVisitor *visitor, const GError *error)
{
  if (error->domain != CHANNELS_HTTP_ERROR)
    return NULL;

  switch (error->code)
    {
    case 403:
      if (visitor->head == NULL)
        return g_strdup ("“AllowOtherUsers=true” in [Server]");
      if (visitor->elsewhere && visitor->head->key != NULL)
        return g_strdup ("a ticket for its origin");
      return visitor->stranger ? advise_stranger (visitor->head) : NULL;
    case 408:
      return g_strdup ("a longer “RequestTime=” in [Limits]");
    case 421:
      return g_strdup_printf ("“AllowedHosts=%s” in [Server]", visitor->head->host);
    case 503:
      if (visitor->crowded || visitor->head == NULL)
        return NULL;
      return g_strdup ("a larger “Connections=” in [Limits]");
    default:
      return NULL;
    }
}

/**
 * channels_refusals_init:
 * @self: (out caller-allocates): refusals
 * @now: µs, monotonic
 *
 * Starts with none.
 */
void
channels_refusals_init (ChannelsRefusals *self, gint64 now)
{
  channels_rate_init (&self->rate, CHANNELS_REFUSALS_PER_SECOND, CHANNELS_REFUSALS_BURST, now);
  self->left_out = 0;
}

/**
 * channels_refusals_log:
 * @self: refusals
 * @visitor: somebody at the door
 * @error: why it is refused, in `CHANNELS_HTTP_ERROR`
 * @now: µs, monotonic
 *
 * Writes one line to the journal; past the rate none, but the next one says how many are missing.
 */
void
channels_refusals_log (ChannelsRefusals *self,
                       const ChannelsVisitor *visitor,
                       const GError *error,
                       gint64 now)
{
  g_autofree char *advice = NULL;
  g_autoptr (GString) line = NULL;

  if (!channels_rate_take (&self->rate, now))
    {
      self->left_out++;
      return;
    }

  line = g_string_new (NULL);
  g_string_append_printf (line, "refused a connection with %d: %s", error->code, error->message);
  advice = advise (visitor, error);
  if (advice != NULL)
    g_string_append_printf (line, " (%s would let it in)", advice);
  if (self->left_out > 0)
    g_string_append_printf (line, "; %u more before it", self->left_out);
  self->left_out = 0;

  g_message ("%s", line->str);
}
