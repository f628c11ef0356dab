/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-sentinel.h"

#include "channels-error.h"
#include "channels-redis-open.h"
#include "channels-redis-stream.h"

/* Asks one Sentinel after the other for the master, and takes the first answer: whether it is right
 * is for the master to say (ROLE), since a Sentinel may have been cut off from the others.
 *
 * It is asked again before every connection. Sentinel has the clients of a master that it deposes
 * disconnected, and one that is gone is noticed by the heartbeat, so that there is no need to
 * listen to +switch-master, for which each node would hold a connection to a Sentinel open. */

typedef struct
{
  ChannelsRedisAddress *address; /* (owned) */
  gint64 timeout;                /* µs: of the connection, and of the answer */
  guint next;                    /* which Sentinel is asked next */
  ChannelsRedisStream *stream;   /* (owned) (nullable): to the one that is being asked */
} Search;

static void
search_drop_stream (Search *self)
{
  if (self->stream != NULL)
    channels_redis_stream_close (self->stream);
  g_clear_object (&self->stream);
}

static void
search_free (Search *self)
{
  search_drop_stream (self);
  channels_redis_address_unref (self->address);
  g_free (self);
}

/* Whoever asked learns it from the command. */
static void
on_closed (const GError *error, gpointer user_data)
{
}

static const ChannelsRedisStreamFuncs stream_funcs = { .closed = on_closed };

static void ask_next (GTask *task);

/* The host and port in a Sentinel's answer; `NULL` where it is none. */
static GSocketConnectable *
parse_answer (const ChannelsRedisReply *reply)
{
  guint64 port;

  if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
      reply->element[0]->type != REDIS_REPLY_STRING ||
      reply->element[1]->type != REDIS_REPLY_STRING ||
      !g_utf8_validate (reply->element[0]->str, -1, NULL) ||
      !g_ascii_string_to_unsigned (reply->element[1]->str, 10, 1, G_MAXUINT16, &port, NULL))
    return NULL;

  return g_network_address_new (reply->element[0]->str, (guint16) port);
}

static void
answer_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply = g_task_propagate_pointer (G_TASK (result), &error);
  GSocketConnectable *master = reply != NULL ? parse_answer (reply) : NULL;

  search_drop_stream (g_task_get_task_data (task));
  if (master != NULL)
    g_task_return_pointer (task, master, g_object_unref);
  else
    ask_next (g_steal_pointer (&task));
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Search *self = g_task_get_task_data (task);
  g_autoptr (GSocketConnection) connection = channels_redis_open_finish (result, NULL);
  const char *argv[] = { "SENTINEL", "GET-MASTER-ADDR-BY-NAME", self->address->master_name };

  if (connection == NULL)
    {
      ask_next (g_steal_pointer (&task));
      return;
    }

  self->stream = channels_redis_stream_new (connection, &stream_funcs, NULL);
  channels_redis_stream_send (
      self->stream, G_N_ELEMENTS (argv), argv, NULL, self->timeout,
      g_task_new (NULL, g_task_get_cancellable (task), answer_cb, g_object_ref (task)));
}

/* @task: (transfer full) */
static void
ask_next (GTask *task)
{
  g_autoptr (GTask) owned = task;
  Search *self = g_task_get_task_data (task);
  g_autoptr (GSocketConnectable) sentinel = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;

  if (self->next >= self->address->hosts->len)
    {
      g_task_return_new_error (task, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE,
                               "no Sentinel knows a master “%s”", self->address->master_name);
      return;
    }

  sentinel =
      channels_redis_host_to_connectable (g_ptr_array_index (self->address->hosts, self->next++));
  channels_redis_open_async (sentinel, NULL, self->timeout, g_task_get_cancellable (task),
                             opened_cb, g_steal_pointer (&owned));
}

/**
 * channels_redis_sentinel_find_async:
 * @address: of the kind %CHANNELS_REDIS_ADDRESS_SENTINEL
 * @timeout: µs that each Sentinel has to be connected to, and to answer
 * @cancellable: (nullable): ends the search
 * @callback: called when it has ended
 * @user_data: (closure): passed to @callback
 *
 * Asks where the master is. Fails with `CHANNELS_ERROR_LAYER_UNAVAILABLE` where no Sentinel says.
 */
void
channels_redis_sentinel_find_async (const ChannelsRedisAddress *address,
                                    gint64 timeout,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Search *self = g_new0 (Search, 1);

  self->address = channels_redis_address_ref (address);
  self->timeout = timeout;
  g_task_set_source_tag (task, channels_redis_sentinel_find_async);
  g_task_set_task_data (task, self, (GDestroyNotify) search_free);
  ask_next (task);
}

/**
 * channels_redis_sentinel_find_finish:
 * @result: what the callback was given
 * @error: return location for a `GError`, or `NULL`
 *
 * Returns: (transfer full): where the master is said to be, or `NULL` with @error set
 */
GSocketConnectable *
channels_redis_sentinel_find_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
