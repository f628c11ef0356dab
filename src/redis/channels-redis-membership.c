/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-membership.h"

#include "channels-names.h"
#include "channels-redis-group.h"
#include "channels-redis-retry.h"
#include "channels-redis-timer.h"

/* Each group is joined again so often, or thrice in its expiry if that is short: that survives
 * FLUSHALL. */
#define RENEWAL_PERIOD (30 * G_TIME_SPAN_SECOND)
#define PARTS 30 /* of a period: so many times something is sent in it */

/* What one host knows. */
typedef struct
{
  guint n_joins;   /* under way */
  gboolean failed; /* one of them has, since the host last heard of all our groups */
  gboolean joined; /* it has all our groups */
} Host;

/**
 * ChannelsRedisMembership:
 *
 * The groups that this node is in, as Redis has them: one member a node and group, which is a
 * channel of ours that stands for the group. Its name comes from the group's, so whoever knows the
 * node's prefix can take it out again.
 *
 * Redis may forget, so each is added again every half minute, the next part of them each time the
 * timer fires. We may be unable to tell Redis that a group was left: that is kept until we are.
 *
 * A command under way holds a reference.
 */
struct _ChannelsRedisMembership
{
  const ChannelsRedisSettings *settings; /* (unowned): not after channels_redis_membership_free() */
  GPtrArray *connections;                /* (element-type ChannelsRedisConnection) (owned) */
  Host *hosts;                           /* (owned): one for each */
  GHashTable *groups;                    /* (element-type utf8 ChannelsRedisGroup) (owned) */
  GHashTable *departed; /* (element-type utf8 ChannelsRedisGroup) (owned): Redis may not know yet */
  GHashTable *by_channel; /* (element-type utf8 ChannelsRedisGroup): of those in groups */
  GQueue order;   /* (element-type ChannelsRedisGroup): of those in groups, renewed next first */
  GSource *timer; /* (owned) (nullable): the next renewal; `NULL` once it was freed */
  ChannelsRedisRetry retry;            /* where Redis' memory is full, for instance */
  ChannelsRedisComplaint spoilt;       /* keys that hold something else */
  ChannelsRedisMembershipFunc changed; /* (nullable): `NULL` once it was freed */
  gpointer user_data;                  /* (unowned) */
};

/* Groups of one host, on their way in or out. */
typedef struct
{
  ChannelsRedisMembership *membership; /* (owned) */
  guint host;
  GPtrArray *left; /* (element-type ChannelsRedisGroup) (owned) (nullable): on their way out */
} Move;

static void
membership_clear (ChannelsRedisMembership *self)
{
  g_hash_table_unref (self->by_channel);
  g_hash_table_unref (self->groups);
  g_hash_table_unref (self->departed);
  g_ptr_array_unref (self->connections);
  g_free (self->hosts);
}

/**
 * channels_redis_membership_ref:
 * @self: a membership
 *
 * Returns: (transfer full): @self
 */
ChannelsRedisMembership *
channels_redis_membership_ref (ChannelsRedisMembership *self)
{
  return g_rc_box_acquire (self);
}

/**
 * channels_redis_membership_unref:
 * @self: (transfer full): a membership
 */
void
channels_redis_membership_unref (ChannelsRedisMembership *self)
{
  g_rc_box_release_full (self, (GDestroyNotify) membership_clear);
}

static Move *
move_new (ChannelsRedisMembership *membership, guint host)
{
  Move *self = g_new0 (Move, 1);

  self->membership = channels_redis_membership_ref (membership);
  self->host = host;

  return self;
}

static void
move_free (Move *self)
{
  g_clear_pointer (&self->left, g_ptr_array_unref);
  channels_redis_membership_unref (self->membership);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Move, move_free)

static gboolean
is_up (ChannelsRedisMembership *self, guint host)
{
  return channels_redis_connection_is_up (g_ptr_array_index (self->connections, host));
}

static void
set_joined (ChannelsRedisMembership *self, guint host, gboolean joined)
{
  if (self->hosts[host].joined == joined)
    return;

  self->hosts[host].joined = joined;
  if (self->changed != NULL)
    self->changed (self->user_data);
}

static void
joined_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Move) move = user_data;
  ChannelsRedisMembership *self = move->membership;
  Host *host = &self->hosts[move->host];
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply =
      channels_redis_connection_command_finish (CHANNELS_REDIS_CONNECTION (source), result, &error);

  host->n_joins--;
  /* An outage needs nothing: all begins anew when the connection is up again. */
  if (!is_up (self, move->host) || self->retry.timer == NULL)
    return;

  if (reply == NULL)
    {
      channels_redis_retry_refused (&self->retry, "cannot join a group", error);
      host->failed = TRUE;
    }
  else if (reply->type == REDIS_REPLY_STRING && channels_redis_complaint_is_due (&self->spoilt))
    {
      g_message ("cannot join a group: the key %s holds something else", reply->str);
    }
  if (host->failed || host->n_joins == 0)
    set_joined (self, move->host, !host->failed);
}

/* Sends a script for @groups, which all lie on one host. */
static void
send_join (ChannelsRedisMembership *self, GPtrArray *groups, guint host)
{
  g_auto (ChannelsRedisWords) words;
  gboolean up = is_up (self, host);

  channels_redis_groups_make_join (&words, groups, self->settings->group_expiry);
  for (guint i = 0; i < groups->len; i++)
    {
      ChannelsRedisGroup *group = g_ptr_array_index (groups, i);

      group->joined = group->joined || up;
    }

  self->hosts[host].n_joins++;
  channels_redis_words_send (&words, g_ptr_array_index (self->connections, host), joined_cb,
                             move_new (self, host));
}

static void
left_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Move) move = user_data;
  ChannelsRedisMembership *self = move->membership;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply =
      channels_redis_connection_command_finish (CHANNELS_REDIS_CONNECTION (source), result, &error);

  if (reply == NULL && is_up (self, move->host) && self->retry.timer != NULL)
    channels_redis_retry_refused (&self->retry, "cannot leave a group", error);

  while (reply == NULL && move->left->len > 0)
    {
      ChannelsRedisGroup *group = g_ptr_array_steal_index_fast (move->left, move->left->len - 1);
      ChannelsRedisGroup *joined = g_hash_table_lookup (self->groups, group->name);

      if (joined == NULL)
        {
          g_hash_table_replace (self->departed, group->name, group);
          continue;
        }

      joined->joined = TRUE;
      channels_redis_group_free (group);
    }
}

/* @groups: (transfer full): no longer among ours, and all on one host. */
static void
send_leave (ChannelsRedisMembership *self, GPtrArray *groups, guint host)
{
  g_auto (ChannelsRedisWords) words;
  Move *move = move_new (self, host);

  channels_redis_groups_make_leave (&words, groups);
  move->left = groups;
  channels_redis_words_send (&words, g_ptr_array_index (self->connections, host), left_cb, move);
}

/* How long it takes until the next so many groups are to be renewed. */
static gint64
get_wait (ChannelsRedisMembership *self, guint n_groups)
{
  gint64 expiry = self->settings->group_expiry * G_TIME_SPAN_SECOND;
  gint64 period = MIN (RENEWAL_PERIOD, expiry / 3);

  return MIN (period * n_groups / self->order.length, period);
}

static guint
get_part (ChannelsRedisMembership *self)
{
  return (self->order.length + PARTS - 1) / PARTS;
}

/* With each further group the next part is due earlier, if at all. */
static void
set_timer (ChannelsRedisMembership *self)
{
  gint64 due = g_get_monotonic_time () + get_wait (self, get_part (self));
  gint64 ready = g_source_get_ready_time (self->timer);

  if (ready < 0 || ready > due)
    g_source_set_ready_time (self->timer, due);
}

static void
renew (ChannelsRedisMembership *self, ChannelsRedisGroup *group)
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
  guint n = get_part (self);

  for (guint i = 0; i < n; i++)
    renew (self, g_queue_peek_head (&self->order));
  if (n > 0)
    set_timer (self);

  return G_SOURCE_CONTINUE;
}

static void leave_departed (ChannelsRedisMembership *self, guint host);

static gboolean
on_retry (gpointer user_data)
{
  ChannelsRedisMembership *self = user_data;

  for (guint host = 0; host < self->connections->len; host++)
    {
      if (is_up (self, host) && self->hosts[host].failed)
        channels_redis_membership_join_again (self, host);
      else if (is_up (self, host))
        leave_departed (self, host);
    }

  return G_SOURCE_CONTINUE;
}

/**
 * channels_redis_membership_new:
 * @settings: of the layer; outlive this
 * @connections: (element-type ChannelsRedisConnection): for commands, one to each host
 * @changed: (scope forever): called when a host has got all our groups, or is found not to have
 * @user_data: (closure): passed to @changed
 *
 * Returns: (transfer full): a node that is in no group
 */
ChannelsRedisMembership *
channels_redis_membership_new (const ChannelsRedisSettings *settings,
                               GPtrArray *connections,
                               ChannelsRedisMembershipFunc changed,
                               gpointer user_data)
{
  ChannelsRedisMembership *self = g_rc_box_new0 (ChannelsRedisMembership);

  self->settings = settings;
  self->connections = g_ptr_array_ref (connections);
  self->hosts = g_new0 (Host, connections->len);
  self->groups = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                        (GDestroyNotify) channels_redis_group_free);
  self->departed = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                          (GDestroyNotify) channels_redis_group_free);
  self->by_channel = g_hash_table_new (g_str_hash, g_str_equal);
  self->timer = channels_redis_timer_new ("[channels] redis renewal", on_timer, self);
  channels_redis_retry_init (&self->retry, "[channels] redis join again", on_retry, self);
  self->changed = changed;
  self->user_data = user_data;

  return self;
}

/**
 * channels_redis_membership_free:
 * @self: (transfer full) (nullable): a membership, whose settings may go away now
 *
 * Ends it: nothing is renewed any more, and Redis is not told.
 */
void
channels_redis_membership_free (ChannelsRedisMembership *self)
{
  if (self == NULL)
    return;

  self->changed = NULL;
  channels_redis_timer_clear (&self->timer);
  channels_redis_retry_clear (&self->retry);
  channels_redis_membership_unref (self);
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
  ChannelsRedisGroup *joined;

  g_return_if_fail (!g_hash_table_contains (self->groups, group));

  joined = channels_redis_group_new (self->settings, group);
  joined->joined = g_hash_table_remove (self->departed, group);
  g_hash_table_insert (self->groups, joined->name, joined);
  g_hash_table_insert (self->by_channel, joined->channel, joined);
  g_queue_push_tail_link (&self->order, &joined->link);
  set_timer (self);
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
  ChannelsRedisGroup *left = g_hash_table_lookup (self->groups, group);
  GPtrArray *one;

  g_return_if_fail (left != NULL);

  g_queue_unlink (&self->order, &left->link);
  g_hash_table_remove (self->by_channel, left->channel);
  g_hash_table_steal (self->groups, left->name);
  if (!left->joined)
    {
      channels_redis_group_free (left);
      return;
    }

  one = g_ptr_array_new_with_free_func ((GDestroyNotify) channels_redis_group_free);
  g_ptr_array_add (one, left);
  send_leave (self, one, left->host);
}

/**
 * channels_redis_membership_forget:
 * @self: a membership
 * @groups: (element-type utf8): what are said to be names of groups; anything may be among them
 * @host: the index of the host that has them
 *
 * Leaves those of @groups that it is not in.
 */
void
channels_redis_membership_forget (ChannelsRedisMembership *self, GPtrArray *groups, guint host)
{
  if (self->timer == NULL)
    return;

  for (guint i = 0; i < groups->len; i++)
    {
      const char *name = g_ptr_array_index (groups, i);
      ChannelsRedisGroup *group;

      if (g_hash_table_contains (self->groups, name) || !channels_group_name_validate (name, NULL))
        continue;

      group = channels_redis_group_new (self->settings, name);
      group->host = host;
      g_hash_table_replace (self->departed, group->name, group);
    }

  leave_departed (self, host);
}

/* Tells a host of those that were left meanwhile. */
static void
leave_departed (ChannelsRedisMembership *self, guint host)
{
  GPtrArray *batch = g_ptr_array_new_with_free_func ((GDestroyNotify) channels_redis_group_free);
  GHashTableIter iter;
  ChannelsRedisGroup *group;

  g_hash_table_iter_init (&iter, self->departed);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &group))
    {
      if (group->host != host)
        continue;

      g_hash_table_iter_steal (&iter);
      g_ptr_array_add (batch, group);
      if (batch->len == CHANNELS_REDIS_GROUPS_MAX)
        {
          send_leave (self, g_steal_pointer (&batch), host);
          batch = g_ptr_array_new_with_free_func ((GDestroyNotify) channels_redis_group_free);
        }
    }

  if (batch->len > 0)
    send_leave (self, batch, host);
  else
    g_ptr_array_unref (batch);
}

/**
 * channels_redis_membership_join_again:
 * @self: a membership
 * @host: the index of a host that may have forgotten everything
 *
 * Joins all groups of that host at once, and leaves those that could not be left before. Until that
 * has happened channels_redis_membership_is_joined() is false.
 */
void
channels_redis_membership_join_again (ChannelsRedisMembership *self, guint host)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new ();
  GList *link = self->order.head;

  self->hosts[host].failed = FALSE;
  leave_departed (self, host);
  while (link != NULL)
    {
      link = channels_redis_groups_take (batch, link, host);
      if (batch->len > 0)
        send_join (self, batch, host);
    }

  if (self->hosts[host].n_joins == 0)
    set_joined (self, host, TRUE);
}

/**
 * channels_redis_membership_lose:
 * @self: a membership
 * @host: the index of a host that is away
 *
 * From now on it is not known to have our groups.
 */
void
channels_redis_membership_lose (ChannelsRedisMembership *self, guint host)
{
  set_joined (self, host, FALSE);
}

/**
 * channels_redis_membership_is_joined:
 * @self: a membership
 * @host: the index of a host
 *
 * Returns: whether the host has all our groups
 */
gboolean
channels_redis_membership_is_joined (ChannelsRedisMembership *self, guint host)
{
  return self->hosts[host].joined;
}

/* Lets go of all groups, those that were left as well: (transfer full) (element-type
 * ChannelsRedisGroup). */
static GPtrArray *
take_all (ChannelsRedisMembership *self)
{
  GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify) channels_redis_group_free);
  GHashTable *const tables[] = { self->groups, self->departed };

  g_hash_table_remove_all (self->by_channel);
  g_queue_init (&self->order);
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      GHashTableIter iter;
      ChannelsRedisGroup *group;

      g_hash_table_iter_init (&iter, tables[i]);
      while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &group))
        {
          g_hash_table_iter_steal (&iter);
          g_ptr_array_add (all, group);
        }
    }

  return all;
}

/**
 * channels_redis_membership_leave_all:
 * @self: a membership
 * @farewell: told of the commands
 *
 * Leaves all groups and then removes the node's queue, so that nobody fills it again.
 */
void
channels_redis_membership_leave_all (ChannelsRedisMembership *self, ChannelsRedisFarewell *farewell)
{
  g_autofree char *queue = channels_redis_settings_get_queue (self->settings);
  g_autoptr (GPtrArray) all = take_all (self);
  g_autoptr (GPtrArray) batch = g_ptr_array_new ();
  GQueue order = G_QUEUE_INIT;

  for (guint i = 0; i < all->len; i++)
    g_queue_push_tail (&order, g_ptr_array_index (all, i));

  for (guint host = 0; host < self->connections->len; host++)
    {
      ChannelsRedisConnection *connection = g_ptr_array_index (self->connections, host);
      g_auto (ChannelsRedisWords) last = { NULL };

      for (GList *link = order.head; link != NULL;)
        {
          g_auto (ChannelsRedisWords) words = { NULL };

          link = channels_redis_groups_take (batch, link, host);
          if (batch->len == 0)
            break;

          channels_redis_groups_make_leave (&words, batch);
          channels_redis_farewell_send (farewell, &words, connection);
        }

      channels_redis_words_init (&last, "DEL");
      channels_redis_words_add (&last, queue);
      channels_redis_farewell_send (farewell, &last, connection);
    }
  g_queue_clear (&order);
}

/**
 * channels_redis_membership_has_group:
 * @self: a membership
 * @group: a group's name, from anywhere
 *
 * Returns: whether it is one of ours
 */
gboolean
channels_redis_membership_has_group (ChannelsRedisMembership *self, const char *group)
{
  return g_hash_table_contains (self->groups, group);
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
  const ChannelsRedisGroup *group = g_hash_table_lookup (self->by_channel, channel);

  return group != NULL ? group->name : NULL;
}
