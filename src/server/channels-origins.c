/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-origins.h"

/* A page of another origin runs in the user's own browser, so neither the kernel nor the limit of
 * all connections keeps it apart from the user's own pages. Here each origin has its own measure:
 * so many WebSockets at once, and so many refusals until it is not even answered.
 *
 * No more origins are remembered than CHANNELS_ORIGINS_MAX. One that has no connection is forgotten
 * for a new one, if it is not banned, and the new one otherwise: it has been refused, and cannot be
 * in. */

typedef struct
{
  guint connections;
  guint refusals;     /* since `since` */
  gint64 since;       /* µs, monotonic: the first of them */
  gint64 banned_till; /* µs, monotonic */
} Origin;

struct _ChannelsOrigins
{
  GHashTable *origins; /* (element-type utf8 Origin) (owned) */
};

static gboolean
may_be_forgotten (gpointer name, gpointer value, gpointer user_data)
{
  const Origin *origin = value;
  gint64 now = *(gint64 *) user_data;

  return origin->connections == 0 && now >= origin->banned_till;
}

/* NULL where no more can be remembered. */
static Origin *
ensure (ChannelsOrigins *self, const char *name, gint64 now)
{
  Origin *origin = g_hash_table_lookup (self->origins, name);

  if (origin != NULL)
    return origin;

  if (g_hash_table_size (self->origins) >= CHANNELS_ORIGINS_MAX)
    g_hash_table_foreach_remove (self->origins, may_be_forgotten, &now);
  if (g_hash_table_size (self->origins) >= CHANNELS_ORIGINS_MAX)
    return NULL;

  origin = g_new0 (Origin, 1);
  g_hash_table_insert (self->origins, g_strdup (name), origin);

  return origin;
}

/**
 * channels_origins_new:
 *
 * Returns: (transfer full): none yet
 */
ChannelsOrigins *
channels_origins_new (void)
{
  ChannelsOrigins *self = g_new0 (ChannelsOrigins, 1);

  self->origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  return self;
}

/**
 * channels_origins_free:
 * @self: (transfer full) (nullable): origins
 */
void
channels_origins_free (ChannelsOrigins *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->origins);
  g_free (self);
}

/**
 * channels_origins_enter:
 * @self: origins
 * @origin: (not nullable): whose page wants to connect
 * @now: µs, monotonic
 *
 * Counts one connection more, until channels_origins_leave().
 *
 * Returns: `TRUE` if it is counted, `FALSE` if there are too many
 */
gboolean
channels_origins_enter (ChannelsOrigins *self, const char *origin, gint64 now)
{
  Origin *found = ensure (self, origin, now);

  if (found == NULL || found->connections >= CHANNELS_ORIGIN_CONNECTIONS_MAX)
    return FALSE;

  found->connections++;
  return TRUE;
}

/**
 * channels_origins_leave:
 * @self: origins
 * @origin: whose connection, counted by channels_origins_enter(), has ended
 */
void
channels_origins_leave (ChannelsOrigins *self, const char *origin)
{
  Origin *found = g_hash_table_lookup (self->origins, origin);

  g_return_if_fail (found != NULL && found->connections > 0);

  found->connections--;
}

/**
 * channels_origins_refuse:
 * @self: origins
 * @origin: whose page was refused
 * @now: µs, monotonic
 *
 * Counts one refusal more. With the last that it may have in a minute it is banned for as long.
 */
void
channels_origins_refuse (ChannelsOrigins *self, const char *origin, gint64 now)
{
  Origin *found = ensure (self, origin, now);

  if (found == NULL)
    return;

  if (found->refusals == 0 || now - found->since >= CHANNELS_ORIGIN_TIME)
    {
      found->refusals = 0;
      found->since = now;
    }

  if (++found->refusals < CHANNELS_ORIGIN_REFUSALS_MAX)
    return;

  found->refusals = 0;
  found->banned_till = now + CHANNELS_ORIGIN_TIME;
}

/**
 * channels_origins_is_banned:
 * @self: origins
 * @origin: whose page asks
 * @now: µs, monotonic
 *
 * Returns: `TRUE` if it is not even to be answered
 */
gboolean
channels_origins_is_banned (ChannelsOrigins *self, const char *origin, gint64 now)
{
  const Origin *found = g_hash_table_lookup (self->origins, origin);

  return found != NULL && now < found->banned_till;
}
