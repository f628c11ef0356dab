/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-origins.h"

/* A page of another origin runs in the user's own browser, so neither the kernel nor the limit of
 * all connections keeps it apart from the user's own pages. Here each origin has its own measure:
 * so many WebSockets at once, and so many refusals until it is not even answered.
 *
 * The two are kept apart, so that those who are refused keep nobody out. Who has a connection is
 * remembered until its last one ends, and the limit of all connections bounds them. Of those who
 * were refused, no more are remembered than CHANNELS_ORIGINS_MAX. For a new one makes room whoever
 * has been refused least, the longest ago; never one that goes on being refused, as long as there
 * are others, and one that is banned only for lack of any that is not. */

typedef struct
{
  guint count;        /* since `since`; 0 while it is banned */
  gint64 since;       /* µs, monotonic: the first of them */
  gint64 banned_till; /* µs, monotonic */
} Refusals;

struct _ChannelsOrigins
{
  GHashTable *connections; /* (element-type utf8 guint) (owned): how many, at least one */
  GHashTable *refusals;    /* (element-type utf8 Refusals) (owned) */
};

static guint
get_connections (ChannelsOrigins *self, const char *origin)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->connections, origin));
}

/* Whether @one is the better one to forget. */
static gboolean
matters_less (const Refusals *one, const Refusals *other, gint64 now)
{
  gboolean one_is_banned = now < one->banned_till;
  gboolean other_is_banned = now < other->banned_till;

  if (one_is_banned != other_is_banned)
    return other_is_banned;
  if (one_is_banned)
    return one->banned_till < other->banned_till;

  return one->count != other->count ? one->count < other->count : one->since < other->since;
}

static gboolean
is_over (gpointer name, gpointer value, gpointer user_data)
{
  const Refusals *refusals = value;
  gint64 now = *(gint64 *) user_data;

  return now >= refusals->banned_till && now - refusals->since >= CHANNELS_ORIGIN_TIME;
}

static void
make_room (ChannelsOrigins *self, gint64 now)
{
  GHashTableIter iter;
  const char *name;
  const char *least = NULL;
  const Refusals *refusals;
  const Refusals *fewest = NULL;

  if (g_hash_table_foreach_remove (self->refusals, is_over, &now) > 0)
    return;

  g_hash_table_iter_init (&iter, self->refusals);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &refusals))
    {
      if (fewest != NULL && !matters_less (refusals, fewest, now))
        continue;
      least = name;
      fewest = refusals;
    }

  g_hash_table_remove (self->refusals, least);
}

static Refusals *
ensure (ChannelsOrigins *self, const char *name, gint64 now)
{
  Refusals *refusals = g_hash_table_lookup (self->refusals, name);

  if (refusals != NULL)
    return refusals;

  if (g_hash_table_size (self->refusals) >= CHANNELS_ORIGINS_MAX)
    make_room (self, now);

  refusals = g_new0 (Refusals, 1);
  g_hash_table_insert (self->refusals, g_strdup (name), refusals);

  return refusals;
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

  self->connections = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->refusals = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

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

  g_hash_table_unref (self->connections);
  g_hash_table_unref (self->refusals);
  g_free (self);
}

/**
 * channels_origins_has_room:
 * @self: origins
 * @origin: (not nullable): whose page wants to connect
 *
 * Returns: `TRUE` if it may have one connection more
 */
gboolean
channels_origins_has_room (ChannelsOrigins *self, const char *origin)
{
  return get_connections (self, origin) < CHANNELS_ORIGIN_CONNECTIONS_MAX;
}

/**
 * channels_origins_enter:
 * @self: origins
 * @origin: (not nullable): whose page connects
 *
 * Counts one connection more, for which channels_origins_has_room(), until
 * channels_origins_leave().
 */
void
channels_origins_enter (ChannelsOrigins *self, const char *origin)
{
  guint connections = get_connections (self, origin);

  g_return_if_fail (connections < CHANNELS_ORIGIN_CONNECTIONS_MAX);

  g_hash_table_replace (self->connections, g_strdup (origin), GUINT_TO_POINTER (connections + 1));
}

/**
 * channels_origins_leave:
 * @self: origins
 * @origin: whose connection, counted by channels_origins_enter(), has ended
 */
void
channels_origins_leave (ChannelsOrigins *self, const char *origin)
{
  guint connections = get_connections (self, origin);

  g_return_if_fail (connections > 0);

  if (connections > 1)
    g_hash_table_replace (self->connections, g_strdup (origin), GUINT_TO_POINTER (connections - 1));
  else
    g_hash_table_remove (self->connections, origin);
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
  Refusals *refusals = ensure (self, origin, now);

  if (refusals->count == 0 || now - refusals->since >= CHANNELS_ORIGIN_TIME)
    {
      refusals->count = 0;
      refusals->since = now;
    }

  if (++refusals->count < CHANNELS_ORIGIN_REFUSALS_MAX)
    return;

  refusals->count = 0;
  refusals->banned_till = now + CHANNELS_ORIGIN_TIME;
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
  const Refusals *refusals = g_hash_table_lookup (self->refusals, origin);

  return refusals != NULL && now < refusals->banned_till;
}
