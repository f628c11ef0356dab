/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-membership.h"

#include "channels-error.h"
#include "channels-redis-ring.h"
#include "channels-redis-timer.h"

/* Each group is joined again so often, or thrice in its expiry if that is short: that survives
 * FLUSHALL. */
#define RENEWAL_PERIOD (30 * G_TIME_SPAN_SECOND)

/* Groups of one command: more, and Redis would stop for others. */
#define BATCH 256

/* A key of another type spoils no other; what else is wrong is an answer, and may end the
 * connection: a replica is READONLY. */
#define RETURN_ERROR                                                                               \
  "  if type(r) == 'table' and r.err and not string.find(r.err, 'WRONGTYPE') then return r end\n"

/* KEYS: groups; ARGV: seconds, score, a member for each. */
static const char join_script[] =
    "for i = 1, #KEYS do\n"
    "  local r = redis.pcall('ZADD', KEYS[i], ARGV[2], ARGV[i + 2])\n" RETURN_ERROR
    "  redis.pcall('EXPIRE', KEYS[i], ARGV[1])\n"
    "end";

/* KEYS: groups; ARGV: a member for each. */
static const char leave_script[] =
    "for i = 1, #KEYS do\n"
    "  local r = redis.pcall('ZREM', KEYS[i], ARGV[i])\n" RETURN_ERROR "end";

/* A group that this node is in. */
typedef struct
{
  GList link;    /* in the order in which they are renewed */
  char *name;    /* (owned) */
  char *key;     /* (owned) */
  char *channel; /* (owned): ours in the group */
  guint host;    /* index */
} Group;

/**
 * ChannelsRedisMembership:
 *
 * The groups that this node is in, as Redis has them: one member a node and group, which is a
 * channel of ours that stands for the group. Its name comes from the group's, so whoever knows the
 * node's prefix can take it out again.
 *
 * Redis may forget, so each is added again every half minute, the next part of them each time the
 * timer fires.
 */
struct _ChannelsRedisMembership
{
  const ChannelsRedisSettings *settings; /* (unowned) */
  GPtrArray *connections;                /* (element-type ChannelsRedisConnection) (owned) */
  GHashTable *groups;                    /* (element-type utf8 Group) (owned) */
  GHashTable *by_channel;                /* (element-type utf8 Group): theirs */
  GQueue order;                          /* (element-type Group): theirs, renewed next first */
  GSource *timer;                        /* (owned) */
};

/* Leaving all groups. */
typedef struct
{
  guint n_commands; /* under way, and one while they are being sent */
  GError *error;    /* (owned) (nullable): the first */
  ChannelsRedisMembershipFunc func;
  gpointer user_data; /* (unowned) */
} Farewell;

static void
group_free (Group *group)
{
  g_free (group->name);
  g_free (group->key);
  g_free (group->channel);
  g_free (group);
}

/**
 * channels_redis_membership_get_key:
 * @settings: of the layer
 * @group: a group's name
 *
 * Returns: (transfer full): the key of its members
 */
char *
channels_redis_membership_get_key (const ChannelsRedisSettings *settings, const char *group)
{
  return g_strconcat (settings->prefix, ":group:", group, NULL);
}

/**
 * channels_redis_membership_get_now:
 *
 * Returns: (transfer full): the time as a score: seconds since 1970, with a fraction
 */
char *
channels_redis_membership_get_now (void)
{
  gint64 now = g_get_real_time ();

  return g_strdup_printf ("%" G_GINT64_FORMAT ".%06d", now / G_USEC_PER_SEC,
                          (int) (now % G_USEC_PER_SEC));
}

static Group *
group_new (ChannelsRedisMembership *self, const char *name)
{
  Group *group = g_new0 (Group, 1);
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, name, -1);

  digest[32] = '\0';
  group->link.data = group;
  group->name = g_strdup (name);
  group->key = channels_redis_membership_get_key (self->settings, name);
  group->channel = g_strconcat (self->settings->node_prefix, digest, NULL);
  group->host = channels_redis_ring_find (name, self->settings->hosts->len);

  return group;
}

/* Sends a script for @groups, which all lie on one host. */
static void
send_join (ChannelsRedisMembership *self, GPtrArray *groups, guint host)
{
  g_auto (ChannelsRedisWords) words;
  g_autofree char *now = channels_redis_membership_get_now ();

  channels_redis_words_init (&words, "EVAL");
  channels_redis_words_add (&words, join_script);
  channels_redis_words_add_uint (&words, groups->len);
  for (guint i = 0; i < groups->len; i++)
    channels_redis_words_add (&words, ((Group *) g_ptr_array_index (groups, i))->key);
  channels_redis_words_add_uint (&words, self->settings->group_expiry);
  channels_redis_words_add (&words, now);
  for (guint i = 0; i < groups->len; i++)
    channels_redis_words_add (&words, ((Group *) g_ptr_array_index (groups, i))->channel);

  channels_redis_words_send (&words, g_ptr_array_index (self->connections, host), NULL, NULL);
}

static void
send_leave (ChannelsRedisMembership *self,
            GPtrArray *groups,
            guint host,
            GAsyncReadyCallback callback,
            gpointer user_data)
{
  g_auto (ChannelsRedisWords) words;

  channels_redis_words_init (&words, "EVAL");
  channels_redis_words_add (&words, leave_script);
  channels_redis_words_add_uint (&words, groups->len);
  for (guint i = 0; i < groups->len; i++)
    channels_redis_words_add (&words, ((Group *) g_ptr_array_index (groups, i))->key);
  for (guint i = 0; i < groups->len; i++)
    channels_redis_words_add (&words, ((Group *) g_ptr_array_index (groups, i))->channel);

  channels_redis_words_send (&words, g_ptr_array_index (self->connections, host), callback,
                             user_data);
}

/* Fills @batch with the next groups on @host, from @link on; returns where to go on. */
static GList *
take_batch (GPtrArray *batch, GList *link, guint host)
{
  g_ptr_array_set_size (batch, 0);
  for (; link != NULL && batch->len < BATCH; link = link->next)
    {
      Group *group = link->data;

      if (group->host == host)
        g_ptr_array_add (batch, group);
    }

  return link;
}

static void
set_timer (ChannelsRedisMembership *self, guint n_renewed)
{
  gint64 expiry = self->settings->group_expiry * G_TIME_SPAN_SECOND;
  gint64 period = MIN (RENEWAL_PERIOD, expiry / 3);
  gint64 wait = period * n_renewed / self->order.length;

  g_source_set_ready_time (self->timer, g_get_monotonic_time () + MIN (wait, period));
}

static void
renew (ChannelsRedisMembership *self, Group *group)
{
  g_autoptr (GPtrArray) one = g_ptr_array_new ();

  g_queue_unlink (&self->order, &group->link);
  g_queue_push_tail_link (&self->order, &group->link);
  g_ptr_array_add (one, group);
  send_join (self, one, group->host);
}

static gboolean
on_timer (gpointer user_data)
{
  ChannelsRedisMembership *self = user_data;
  guint n = (self->order.length + 29) / 30;

  for (guint i = 0; i < n; i++)
    renew (self, g_queue_peek_head (&self->order));
  if (n > 0)
    set_timer (self, n);

  return G_SOURCE_CONTINUE;
}

/**
 * channels_redis_membership_new:
 * @settings: of the layer; outlive this
 * @connections: (element-type ChannelsRedisConnection): for commands, one to each host
 *
 * Returns: (transfer full): a node that is in no group
 */
ChannelsRedisMembership *
channels_redis_membership_new (const ChannelsRedisSettings *settings, GPtrArray *connections)
{
  ChannelsRedisMembership *self = g_new0 (ChannelsRedisMembership, 1);

  self->settings = settings;
  self->connections = g_ptr_array_ref (connections);
  self->groups = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) group_free);
  self->by_channel = g_hash_table_new (g_str_hash, g_str_equal);
  self->timer = channels_redis_timer_new ("[channels] redis renewal", on_timer, self);

  return self;
}

/**
 * channels_redis_membership_free:
 * @self: (nullable): a membership
 *
 * Forgets all groups; Redis is not told.
 */
void
channels_redis_membership_free (ChannelsRedisMembership *self)
{
  if (self == NULL)
    return;

  channels_redis_timer_clear (&self->timer);
  g_hash_table_unref (self->by_channel);
  g_hash_table_unref (self->groups);
  g_ptr_array_unref (self->connections);
  g_free (self);
}

/**
 * channels_redis_membership_join:
 * @self: a membership
 * @group: a group that it is not in
 *
 * Joins a group, now and again and again.
 */
void
channels_redis_membership_join (ChannelsRedisMembership *self, const char *group)
{
  Group *joined;

  g_return_if_fail (!g_hash_table_contains (self->groups, group));

  joined = group_new (self, group);
  g_hash_table_insert (self->groups, joined->name, joined);
  g_hash_table_insert (self->by_channel, joined->channel, joined);
  g_queue_push_tail_link (&self->order, &joined->link);
  if (self->order.length == 1)
    set_timer (self, 1);

  renew (self, joined);
}

/**
 * channels_redis_membership_leave:
 * @self: a membership
 * @group: a group that it is in
 *
 * Leaves a group.
 */
void
channels_redis_membership_leave (ChannelsRedisMembership *self, const char *group)
{
  Group *left = g_hash_table_lookup (self->groups, group);
  g_autoptr (GPtrArray) one = g_ptr_array_new ();

  g_return_if_fail (left != NULL);

  g_ptr_array_add (one, left);
  send_leave (self, one, left->host, NULL, NULL);
  g_queue_unlink (&self->order, &left->link);
  g_hash_table_remove (self->by_channel, left->channel);
  g_hash_table_remove (self->groups, left->name);
}

/**
 * channels_redis_membership_join_again:
 * @self: a membership
 * @host: the index of a host that may have forgotten everything
 *
 * Joins all groups of that host at once.
 */
void
channels_redis_membership_join_again (ChannelsRedisMembership *self, guint host)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new ();
  GList *link = self->order.head;

  while (link != NULL)
    {
      link = take_batch (batch, link, host);
      if (batch->len > 0)
        send_join (self, batch, host);
    }
}

static void
end_command (Farewell *farewell, const GError *error)
{
  if (error != NULL && farewell->error == NULL)
    farewell->error = g_error_copy (error);
  if (--farewell->n_commands > 0)
    return;

  farewell->func (farewell->error, farewell->user_data);
  g_clear_error (&farewell->error);
  g_free (farewell);
}

static void
left_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply =
      channels_redis_connection_command_finish (CHANNELS_REDIS_CONNECTION (source), result, &error);

  /* The script of those that were left returns nil: no reply is an error, always. */
  end_command (user_data, reply == NULL ? error : NULL);
}

/**
 * channels_redis_membership_leave_all:
 * @self: a membership
 * @func: (scope async): called when Redis has forgotten this node, or cannot be told; it may be
 * called before this returns
 * @user_data: (closure): passed to @func
 *
 * Leaves all groups and then removes the node's queue, so that nobody fills it again.
 */
void
channels_redis_membership_leave_all (ChannelsRedisMembership *self,
                                     ChannelsRedisMembershipFunc func,
                                     gpointer user_data)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new ();
  g_autofree char *queue = g_strconcat (self->settings->prefix, self->settings->node_prefix, NULL);
  Farewell *farewell = g_new0 (Farewell, 1);

  farewell->n_commands = 1;
  farewell->func = func;
  farewell->user_data = user_data;

  for (guint host = 0; host < self->connections->len; host++)
    {
      for (GList *link = self->order.head; link != NULL;)
        {
          link = take_batch (batch, link, host);
          farewell->n_commands++;
          send_leave (self, batch, host, left_cb, farewell);
        }
    }

  for (guint host = 0; host < self->connections->len; host++)
    {
      g_auto (ChannelsRedisWords) words;

      channels_redis_words_init (&words, "DEL");
      channels_redis_words_add (&words, queue);
      farewell->n_commands++;
      channels_redis_words_send (&words, g_ptr_array_index (self->connections, host), left_cb,
                                 farewell);
    }

  g_hash_table_remove_all (self->by_channel);
  g_queue_init (&self->order);
  g_hash_table_remove_all (self->groups);
  end_command (farewell, NULL);
}

/**
 * channels_redis_membership_find_group:
 * @self: a membership
 * @channel: a channel's name, from anywhere
 *
 * Returns: (transfer none) (nullable): the group that it stands for, `NULL` if it is none of ours
 */
const char *
channels_redis_membership_find_group (ChannelsRedisMembership *self, const char *channel)
{
  const Group *group = g_hash_table_lookup (self->by_channel, channel);

  return group != NULL ? group->name : NULL;
}
