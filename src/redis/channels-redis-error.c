/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-error.h"

#include <string.h>

/* Bytes of an error reply that are told on: the rest may be a whole message of somebody's. */
#define TEXT_MAX 200

static const struct
{
  const char *head; /* whole words */
  ChannelsRedisError code;
} heads[] = {
  { "NOAUTH", CHANNELS_REDIS_ERROR_NOAUTH },
  { "WRONGPASS", CHANNELS_REDIS_ERROR_WRONGPASS },
  { "NOPERM", CHANNELS_REDIS_ERROR_NOPERM },
  { "DENIED", CHANNELS_REDIS_ERROR_DENIED },
  { "ERR max number of clients", CHANNELS_REDIS_ERROR_MAXCLIENTS },
  { "LOADING", CHANNELS_REDIS_ERROR_LOADING },
  { "MASTERDOWN", CHANNELS_REDIS_ERROR_MASTERDOWN },
  { "READONLY", CHANNELS_REDIS_ERROR_READONLY },
  { "TRYAGAIN", CHANNELS_REDIS_ERROR_TRYAGAIN },
  { "CLUSTERDOWN", CHANNELS_REDIS_ERROR_CLUSTERDOWN },
  { "BUSY", CHANNELS_REDIS_ERROR_BUSY },
  { "OOM", CHANNELS_REDIS_ERROR_OOM },
  { "MISCONF", CHANNELS_REDIS_ERROR_MISCONF },
  { "NOSCRIPT", CHANNELS_REDIS_ERROR_NOSCRIPT },
  { "WRONGTYPE", CHANNELS_REDIS_ERROR_WRONGTYPE },
  { "MOVED", CHANNELS_REDIS_ERROR_MOVED },
  { "ASK", CHANNELS_REDIS_ERROR_ASK },
};

G_DEFINE_QUARK (channels_redis_error_quark, channels_redis_error)

/**
 * channels_redis_error_new:
 * @text: (array length=length): an error reply, without its `-`
 * @length: bytes of it
 *
 * Returns: (transfer full): the same as a `GError`, its code by how it begins
 */
GError *
channels_redis_error_new (const char *text, gsize length)
{
  g_autofree char *shown = g_utf8_make_valid (text, MIN (length, TEXT_MAX));
  ChannelsRedisError code = CHANNELS_REDIS_ERROR_FAILED;

  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      gsize head = strlen (heads[i].head);

      if (strncmp (shown, heads[i].head, head) == 0 && (shown[head] == ' ' || shown[head] == '\0'))
        code = heads[i].code;
    }

  return g_error_new (CHANNELS_REDIS_ERROR, code, "Redis answers “%s”", shown);
}

/**
 * channels_redis_error_ends_connection:
 * @error: any error
 *
 * Whether it says that this Redis is of no use for now, so that the connection is to be made anew,
 * perhaps to another host.
 *
 * Returns: `TRUE` for DENIED, MAXCLIENTS, LOADING, MASTERDOWN, READONLY, TRYAGAIN, CLUSTERDOWN,
 * NOAUTH and NOSCRIPT
 */
gboolean
channels_redis_error_ends_connection (const GError *error)
{
  return g_error_matches (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_DENIED) ||
         g_error_matches (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_MAXCLIENTS) ||
         g_error_matches (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_LOADING) ||
         g_error_matches (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_MASTERDOWN) ||
         g_error_matches (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_READONLY) ||
         g_error_matches (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_TRYAGAIN) ||
         g_error_matches (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_CLUSTERDOWN) ||
         g_error_matches (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_NOAUTH) ||
         g_error_matches (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_NOSCRIPT);
}

/**
 * channels_redis_error_is_refusal:
 * @error: any error
 *
 * Whether it says that we are not let in, which takes a human to change.
 *
 * Returns: `TRUE` for NOAUTH, WRONGPASS and NOPERM
 */
gboolean
channels_redis_error_is_refusal (const GError *error)
{
  return g_error_matches (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_NOAUTH) ||
         g_error_matches (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_WRONGPASS) ||
         g_error_matches (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_NOPERM);
}
