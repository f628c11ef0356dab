/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-login.h"

#include "channels-redis-error.h"
#include "channels-secret.h"

#include <string.h>

/* Under which Redis shows us in CLIENT LIST. */
#define CLIENT_NAME "channels"

/* AUTH, SELECT, CLIENT SETNAME and ROLE, as far as the address wants them, one after the other. */

typedef struct
{
  GQueue steps;   /* (element-type GStrv) (owned): commands still to be sent; there are secrets */
  gint64 timeout; /* µs: of each */
  char *verb;     /* (owned) (nullable): of the one that was sent */
  gboolean from_sentinel;
} Login;

static void
login_free (Login *self)
{
  g_queue_clear_full (&self->steps, (GDestroyNotify) channels_secret_freev);
  g_free (self->verb);
  g_free (self);
}

static void
add_step (Login *self, const char *const *words)
{
  g_queue_push_tail (&self->steps, g_strdupv ((char **) words));
}

static void
add_steps (Login *self, const ChannelsRedisAddress *address)
{
  g_autofree char *database = g_strdup_printf ("%u", address->database);

  if (address->user != NULL)
    add_step (self, (const char *[]){ "AUTH", address->user, address->password, NULL });
  else if (address->password != NULL)
    add_step (self, (const char *[]){ "AUTH", address->password, NULL });
  if (address->database != 0)
    add_step (self, (const char *[]){ "SELECT", database, NULL });
  add_step (self, (const char *[]){ "CLIENT", "SETNAME", CLIENT_NAME, NULL });
  add_step (self, (const char *[]){ "ROLE", NULL });
}

/* Redis repeats the words of a command that it does not know, so nothing of the answer to AUTH is
 * told on but its code; and whatever that is, we are not let in, unless Redis is of no use to
 * anybody for now. */
static GError *
conceal (const GError *error)
{
  int code = channels_redis_error_is_refusal (error) ? error->code : CHANNELS_REDIS_ERROR_WRONGPASS;

  if (error->domain != CHANNELS_REDIS_ERROR || channels_redis_error_ends_connection (error))
    return g_error_copy (error);

  return g_error_new_literal (CHANNELS_REDIS_ERROR, code,
                              "Redis does not take the user and password");
}

/* Whether Redis need not do what it was told: a name is a courtesy, and some users may not have
 * one, or may not ask for the role. A host that Sentinel names has to say what it is. */
static gboolean
is_optional (const Login *self, const char *verb)
{
  return strcmp (verb, "CLIENT") == 0 || (strcmp (verb, "ROLE") == 0 && !self->from_sentinel);
}

/* What is wrong with the answer to the last command; (transfer full), or `NULL` where it is good.
 */
static GError *
check_answer (const Login *self, const ChannelsRedisReply *reply, const GError *error)
{
  gboolean optional = is_optional (self, self->verb);
  gboolean knows;

  if (optional && error != NULL && error->domain == CHANNELS_REDIS_ERROR &&
      !channels_redis_error_ends_connection (error))
    return NULL;

  if (error != NULL)
    return strcmp (self->verb, "AUTH") == 0 ? conceal (error) : g_error_copy (error);

  if (strcmp (self->verb, "ROLE") != 0)
    return NULL;

  knows = reply->type == REDIS_REPLY_ARRAY && reply->elements > 0;
  if (knows ? channels_redis_reply_is (reply->element[0], "master") : optional)
    return NULL;

  return g_error_new_literal (CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_READONLY,
                              "it is no master");
}

static void send_next (GTask *task);

static void
answer_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Login *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply = g_task_propagate_pointer (G_TASK (result), &error);
  GError *wrong = check_answer (self, reply, error);

  if (wrong != NULL)
    g_task_return_error (task, wrong);
  else
    send_next (g_steal_pointer (&task));
}

/* @task: (transfer full) */
static void
send_next (GTask *task)
{
  g_autoptr (GTask) owned = task;
  Login *self = g_task_get_task_data (task);
  char **step = g_queue_pop_head (&self->steps);

  if (step == NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }

  g_free (self->verb);
  self->verb = g_strdup (step[0]);
  channels_redis_stream_send (
      g_task_get_source_object (task), g_strv_length (step), (const char *const *) step, NULL,
      self->timeout,
      g_task_new (NULL, g_task_get_cancellable (task), answer_cb, g_steal_pointer (&owned)));
  channels_secret_freev (step);
}

/**
 * channels_redis_login_async:
 * @stream: a stream on which nothing was sent yet
 * @address: who we are, and which database we want
 * @timeout: µs that each answer may take
 * @cancellable: (nullable): ends it
 * @callback: called when it has ended
 * @user_data: (closure): passed to @callback
 *
 * Makes a connection ready for commands.
 *
 * Fails with Redis' own errors: `CHANNELS_REDIS_ERROR_NOAUTH`, `_WRONGPASS` or `_NOPERM` where we
 * are not let in; with `CHANNELS_REDIS_ERROR_READONLY` where the host is no master: it would take
 * what is published to it, and tell nobody; with `CHANNELS_ERROR_LAYER_UNAVAILABLE` where the
 * stream ends. No password is in them.
 */
void
channels_redis_login_async (ChannelsRedisStream *stream,
                            const ChannelsRedisAddress *address,
                            gint64 timeout,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  GTask *task = g_task_new (stream, cancellable, callback, user_data);
  Login *self = g_new0 (Login, 1);

  self->timeout = timeout;
  self->from_sentinel = address->kind == CHANNELS_REDIS_ADDRESS_SENTINEL;
  add_steps (self, address);
  g_task_set_source_tag (task, channels_redis_login_async);
  g_task_set_task_data (task, self, (GDestroyNotify) login_free);
  send_next (task);
}

/**
 * channels_redis_login_finish:
 * @stream: the stream
 * @result: what the callback was given
 * @error: return location for a `GError`, or `NULL`
 *
 * Returns: `TRUE` if it is ready for commands, `FALSE` with @error set otherwise
 */
gboolean
channels_redis_login_finish (ChannelsRedisStream *stream, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, stream), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
