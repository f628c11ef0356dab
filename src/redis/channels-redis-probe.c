/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-probe.h"

#include "channels-error.h"
#include "channels-redis-error.h"
#include "channels-redis-login.h"
#include "channels-redis-open.h"
#include "channels-redis-sentinel.h"
#include "channels-redis-settings.h"
#include "channels-redis-stream.h"
#include "channels-redis-sweep.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>

/* One look at a Redis, for a human who asks why nothing arrives: it connects as the layer does,
 * asks, and goes. Nothing is written, and nothing costs Redis more than a look at a few keys. */

#define SCAN_ROUNDS_MAX 64
#define SCAN_COUNT "500"   /* keys of a round */
#define GROUPS_MAX 100     /* that are looked into */
#define MEMBERS_LAST "199" /* of those that are looked at in a group */

typedef struct
{
  ChannelsRedisAddress *address; /* (owned) */
  char *head;                    /* (owned): what the groups' keys or channels begin with */
  gboolean pubsub;
  gint64 timeout;              /* µs, of each step */
  ChannelsRedisStream *stream; /* (owned) (nullable): from when it is connected */
  GError *lost;                /* (owned) (nullable): what ended the connection */
  GQueue commands;             /* (element-type GStrv) (owned): still to be sent */
  char **sent;                 /* (owned) (nullable): the one that waits for its answer */
  gint64 asked;                /* µs since the epoch: when it was sent */
  guint rounds;
  guint groups;
  GHashTable *nodes;         /* (owned) (element-type utf8): what names of channels begin with */
  ChannelsRedisProbe *found; /* (owned) */
} Look;

static void
look_free (Look *self)
{
  if (self->stream != NULL)
    channels_redis_stream_close (self->stream);
  g_clear_object (&self->stream);
  g_clear_error (&self->lost);
  channels_redis_address_unref (self->address);
  g_free (self->head);
  g_queue_clear_full (&self->commands, (GDestroyNotify) g_strfreev);
  g_strfreev (self->sent);
  g_hash_table_unref (self->nodes);
  g_clear_pointer (&self->found, channels_redis_probe_free);
  g_free (self);
}

static void
ask (Look *self, const char *const *words)
{
  g_queue_push_tail (&self->commands, g_strdupv ((char **) words));
}

/* (nullable) (transfer full): the value of a line `NAME:VALUE` of INFO */
static char *
find_line (const char *info, const char *name)
{
  g_autofree char *head = g_strdup_printf ("\n%s:", name);
  const char *line = strstr (info, head);

  if (line == NULL)
    return NULL;

  line += strlen (head);
  return g_utf8_make_valid (line, MIN (strcspn (line, "\r\n"), 100));
}

static void
take_info (Look *self, const ChannelsRedisReply *reply)
{
  g_autofree char *maxmemory = NULL;

  if (reply->str == NULL)
    return;

  self->found->version = find_line (reply->str, "redis_version");
  self->found->policy = find_line (reply->str, "maxmemory_policy");
  maxmemory = find_line (reply->str, "maxmemory");
  if (maxmemory != NULL)
    self->found->maxmemory = g_ascii_strtoull (maxmemory, NULL, 10);
}

/* https://redis.io/docs/latest/commands/time/: seconds, and µs of the second. Ours is taken to be
 * in the middle of the way there and back. */
static void
take_time (Look *self, const ChannelsRedisReply *reply)
{
  gint64 ours = self->asked + (g_get_real_time () - self->asked) / 2;
  gint64 theirs;
  gint64 fraction;

  if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || reply->element[0]->str == NULL ||
      reply->element[1]->str == NULL)
    return;

  theirs = g_ascii_strtoll (reply->element[0]->str, NULL, 10);
  fraction = g_ascii_strtoll (reply->element[1]->str, NULL, 10);
  if (theirs < 0 || theirs > G_MAXINT64 / G_USEC_PER_SEC - 1 || fraction < 0 ||
      fraction >= G_USEC_PER_SEC)
    return;

  self->found->has_clock = TRUE;
  self->found->clock_offset = theirs * G_USEC_PER_SEC + fraction - ours;
}

/* Whether it is a word that can be sent again: it has no NUL. */
static gboolean
is_word (const ChannelsRedisReply *reply)
{
  return reply->type == REDIS_REPLY_STRING && strlen (reply->str) == (gsize) reply->len;
}

static void
ask_scan (Look *self, const char *cursor)
{
  g_autofree char *pattern = channels_redis_sweep_make_pattern (self->head);

  ask (self, (const char *[]){ "SCAN", cursor, "MATCH", pattern, "COUNT", SCAN_COUNT, NULL });
}

static void
take_keys (Look *self, const ChannelsRedisReply *reply)
{
  const ChannelsRedisReply *keys;
  const char *cursor;

  if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || !is_word (reply->element[0]) ||
      reply->element[1]->type != REDIS_REPLY_ARRAY)
    return;

  self->found->has_nodes = TRUE;
  keys = reply->element[1];
  for (gsize i = 0; i < keys->elements && self->groups < GROUPS_MAX; i++)
    {
      if (!is_word (keys->element[i]))
        continue;

      self->groups++;
      ask (self, (const char *[]){ "ZRANGE", keys->element[i]->str, "0", MEMBERS_LAST, NULL });
    }

  cursor = reply->element[0]->str;
  if (strcmp (cursor, "0") != 0 && ++self->rounds < SCAN_ROUNDS_MAX && self->groups < GROUPS_MAX)
    ask_scan (self, cursor);
}

static void
take_members (Look *self, const ChannelsRedisReply *reply)
{
  for (gsize i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
    {
      const ChannelsRedisReply *member = reply->element[i];
      const char *mark = is_word (member) ? strchr (member->str, '!') : NULL;

      if (mark != NULL)
        g_hash_table_add (self->nodes, g_strndup (member->str, mark - member->str));
    }

  self->found->n_nodes = g_hash_table_size (self->nodes);
}

/* Whether it is a group's, rather than a node's own beside it, see ChannelsRedisSubscriber. */
static gboolean
is_groups_channel (Look *self, const ChannelsRedisReply *channel)
{
  return is_word (channel) && g_str_has_prefix (channel->str, self->head) &&
         strchr (channel->str + strlen (self->head), '!') == NULL;
}

static void
take_channels (Look *self, const ChannelsRedisReply *reply)
{
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  guint n = 0;

  if (reply->type != REDIS_REPLY_ARRAY)
    return;

  self->found->has_nodes = TRUE;
  g_strv_builder_add_many (words, "PUBSUB", "NUMSUB", NULL);
  for (gsize i = 0; i < reply->elements && n < GROUPS_MAX; i++)
    {
      if (!is_groups_channel (self, reply->element[i]))
        continue;

      g_strv_builder_add (words, reply->element[i]->str);
      n++;
    }

  if (n > 0)
    g_queue_push_tail (&self->commands, g_strv_builder_end (words));
}

/* Each node subscribes once to each of its groups. */
static void
take_subscribers (Look *self, const ChannelsRedisReply *reply)
{
  for (gsize i = 1; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i += 2)
    {
      if (reply->element[i]->type == REDIS_REPLY_INTEGER)
        self->found->n_nodes =
            MAX (self->found->n_nodes, (guint) CLAMP (reply->element[i]->integer, 0, G_MAXINT));
    }
}

static const struct
{
  const char *verb;
  const char *object; /* (nullable): its second word, where that matters */
  void (*take) (Look *self, const ChannelsRedisReply *reply);
} answers[] = {
  { "INFO", NULL, take_info },
  { "TIME", NULL, take_time },
  { "SCAN", NULL, take_keys },
  { "ZRANGE", NULL, take_members },
  { "PUBSUB", "CHANNELS", take_channels },
  { "PUBSUB", "NUMSUB", take_subscribers },
};

static void
take (Look *self, const ChannelsRedisReply *reply)
{
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      if (strcmp (answers[i].verb, self->sent[0]) == 0 &&
          (answers[i].object == NULL || strcmp (answers[i].object, self->sent[1]) == 0))
        {
          answers[i].take (self, reply);
          return;
        }
    }
}

/* A command only says that it was lost with the connection, and not what ended that. */
static void
fail (GTask *task, const GError *error)
{
  Look *self = g_task_get_task_data (task);
  gboolean lost = self->lost != NULL &&
                  g_error_matches (error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);

  g_task_return_error (task, g_error_copy (lost ? self->lost : error));
}

static void send_next (GTask *task);

/* What its user may not ask for, Redis refuses; that is no failure. */
static void
answer_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Look *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply = g_task_propagate_pointer (G_TASK (result), &error);

  if (error != NULL &&
      (error->domain != CHANNELS_REDIS_ERROR || channels_redis_error_ends_connection (error)))
    {
      fail (task, error);
      return;
    }

  if (reply != NULL)
    take (self, reply);
  send_next (g_steal_pointer (&task));
}

/* @task: (transfer full) */
static void
send_next (GTask *task)
{
  g_autoptr (GTask) owned = task;
  Look *self = g_task_get_task_data (task);

  g_clear_pointer (&self->sent, g_strfreev);
  self->sent = g_queue_pop_head (&self->commands);
  if (self->sent == NULL)
    {
      g_task_return_pointer (task, g_steal_pointer (&self->found),
                             (GDestroyNotify) channels_redis_probe_free);
      return;
    }

  self->asked = g_get_real_time ();
  channels_redis_stream_send (
      self->stream, g_strv_length (self->sent), (const char *const *) self->sent, NULL,
      self->timeout,
      g_task_new (NULL, g_task_get_cancellable (task), answer_cb, g_steal_pointer (&owned)));
}

static void
login_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (channels_redis_login_finish (CHANNELS_REDIS_STREAM (source), result, &error))
    send_next (g_steal_pointer (&task));
  else
    fail (task, error);
}

/* The commands that are under way fail of themselves, after this. */
static void
on_closed (const GError *error, gpointer user_data)
{
  Look *self = user_data;

  self->lost = g_error_copy (error);
}

static const ChannelsRedisStreamFuncs funcs = { .closed = on_closed };

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Look *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection = channels_redis_open_finish (result, &error);
  GCancellable *cancellable;

  if (connection == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  cancellable = g_task_get_cancellable (task);
  self->stream = channels_redis_stream_new (connection, &funcs, self);
  channels_redis_login_async (self->stream, self->address, self->timeout, cancellable, login_cb,
                              g_steal_pointer (&task));
}

/* @task: (transfer full) */
static void
open_at (GTask *task, GSocketConnectable *connectable)
{
  Look *self = g_task_get_task_data (task);

  channels_redis_open_async (connectable, self->address, self->timeout,
                             g_task_get_cancellable (task), opened_cb, task);
}

static void
found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnectable) master = channels_redis_sentinel_find_finish (result, &error);

  if (master != NULL)
    open_at (g_steal_pointer (&task), master);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
ask_all (Look *self)
{
  g_autofree char *pattern = channels_redis_sweep_make_pattern (self->head);

  ask (self, (const char *[]){ "INFO", NULL });
  ask (self, (const char *[]){ "TIME", NULL });
  if (self->pubsub)
    ask (self, (const char *[]){ "PUBSUB", "CHANNELS", pattern, NULL });
  else
    ask_scan (self, "0");
}

/**
 * channels_redis_probe_async:
 * @address: where it is, and how to get in
 * @prefix: what the layer's keys begin with
 * @pubsub: whether it is for the pub/sub layer, rather than the core layer
 * @timeout: µs that each step may take: a Sentinel's answer, a connection, an answer
 * @cancellable: (nullable): ends it
 * @callback: called when it has ended
 * @user_data: (closure): passed to @callback
 *
 * Looks at a Redis, from the thread-default main context.
 *
 * Fails as channels_redis_login_async() does where we are not let in, or it is no master, as
 * channels_redis_open_async() does where there is no connection, with `G_IO_ERROR_TIMED_OUT` where
 * nothing comes over it in time, and with what else ended it where it is lost. No password is in an
 * error.
 */
void
channels_redis_probe_async (const ChannelsRedisAddress *address,
                            const char *prefix,
                            gboolean pubsub,
                            gint64 timeout,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GSocketConnectable) connectable = NULL;
  g_autoptr (ChannelsRedisSettings) settings = channels_redis_settings_new ("!", prefix);
  Look *self = g_new0 (Look, 1);

  self->address = channels_redis_address_ref (address);
  self->head = pubsub ? channels_redis_settings_get_group_channel (settings, "")
                      : channels_redis_settings_get_group_key (settings, "");
  self->pubsub = pubsub;
  self->timeout = timeout;
  self->nodes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->found = g_new0 (ChannelsRedisProbe, 1);
  g_task_set_source_tag (task, channels_redis_probe_async);
  g_task_set_task_data (task, self, (GDestroyNotify) look_free);
  ask_all (self);

  switch (address->kind)
    {
    case CHANNELS_REDIS_ADDRESS_TCP:
      connectable = channels_redis_host_to_connectable (g_ptr_array_index (address->hosts, 0));
      open_at (g_steal_pointer (&task), connectable);
      break;

    case CHANNELS_REDIS_ADDRESS_UNIX:
      connectable = G_SOCKET_CONNECTABLE (g_unix_socket_address_new (address->path));
      open_at (g_steal_pointer (&task), connectable);
      break;

    case CHANNELS_REDIS_ADDRESS_SENTINEL:
      channels_redis_sentinel_find_async (address, timeout, cancellable, found_cb,
                                          g_steal_pointer (&task));
      break;

    default:
      g_return_if_reached ();
    }
}

/**
 * channels_redis_probe_finish:
 * @result: what the callback was given
 * @error: return location for a `GError`, or `NULL`
 *
 * Returns: (transfer full): what was found, or `NULL` with @error set
 */
ChannelsRedisProbe *
channels_redis_probe_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * channels_redis_probe_free:
 * @self: (transfer full): what was found
 */
void
channels_redis_probe_free (ChannelsRedisProbe *self)
{
  g_free (self->version);
  g_free (self->policy);
  g_free (self);
}
