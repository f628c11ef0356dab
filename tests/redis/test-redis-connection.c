/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fake-redis.h"
#include "redis-fixture.h"

#include "channels-error.h"
#include "channels-redis-error.h"

#include <string.h>

/* A connection against a Redis that misbehaves by script. */

typedef struct
{
  FakeRedis *fake; /* (owned) */
  ChannelsRedisConnectionOptions options;
  RedisClient *client; /* (owned): up */
} Fixture;

static const FakeReply obedient[] = { { .verb = "PING", .reply = "+PONG\r\n" }, { .verb = NULL } };

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *url = NULL;

  fixture->fake = fake_redis_new (obedient);
  redis_options_init_short (&fixture->options);
  url = fake_redis_get_url (fixture->fake);
  fixture->client = redis_client_new (url, CHANNELS_REDIS_CONNECTION_COMMANDS, &fixture->options);
  channels_test_wait_until (fixture->client->n_up == 1);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  redis_client_free (fixture->client);
  fake_redis_free (fixture->fake);
}

/* Another client of the fixture's server, with the fixture's options as they are now. */
static RedisClient *
make_client (Fixture *fixture, const char *user)
{
  g_autofree char *url = g_strdup_printf ("redis://%s127.0.0.1:%u", user, fixture->fake->port);

  return redis_client_new (url, CHANNELS_REDIS_CONNECTION_COMMANDS, &fixture->options);
}

static void
test_login (Fixture *fixture, gconstpointer data)
{
  g_autofree char *url = g_strdup_printf ("redis://joe:s3cret@127.0.0.1:%u/3", fixture->fake->port);
  g_autoptr (RedisClient) client =
      redis_client_new (url, CHANNELS_REDIS_CONNECTION_COMMANDS, &fixture->options);
  GPtrArray *commands = fixture->fake->commands;

  g_test_summary (
      "Login says who we are, then which database, then our name, and asks for the role");

  channels_test_wait_until (client->n_up == 1);
  g_assert_cmpuint (commands->len, ==, 6);
  g_assert_cmpstr (g_ptr_array_index (commands, 0), ==, "CLIENT SETNAME channels");
  g_assert_cmpstr (g_ptr_array_index (commands, 1), ==, "ROLE");
  g_assert_cmpstr (g_ptr_array_index (commands, 2), ==, "AUTH joe s3cret");
  g_assert_cmpstr (g_ptr_array_index (commands, 3), ==, "SELECT 3");
  g_assert_cmpstr (g_ptr_array_index (commands, 4), ==, "CLIENT SETNAME channels");
  g_assert_cmpstr (g_ptr_array_index (commands, 5), ==, "ROLE");
}

static void
test_pipeline (Fixture *fixture, gconstpointer data)
{
  static const FakeReply script[] = {
    { .verb = "A", .reply = ":1\r\n", .bytewise = TRUE },
    { .verb = "B", .reply = "$5\r\nh\0\r\ni\r\n", .length = 11, .bytewise = TRUE },
    { .verb = "C", .reply = "$-1\r\n", .bytewise = TRUE },
    { .verb = "D", .reply = "*2\r\n:7\r\n*1\r\n+x\r\n", .bytewise = TRUE },
    { .verb = NULL }
  };
  g_auto (RedisAnswer) a = { 0 };
  g_auto (RedisAnswer) b = { 0 };
  g_auto (RedisAnswer) c = { 0 };
  g_auto (RedisAnswer) d = { 0 };

  g_test_summary ("Answers that come byte by byte find the commands that they are to");

  fixture->fake->script = script;
  redis_client_send (fixture->client, "A", &a);
  redis_client_send (fixture->client, "B", &b);
  redis_client_send (fixture->client, "C", &c);
  redis_client_call (fixture->client, "D", &d);

  g_assert_cmpint (a.reply->integer, ==, 1);
  g_assert_cmpmem (b.reply->str, b.reply->len, "h\0\r\ni", 5);
  g_assert_cmpint (c.reply->type, ==, REDIS_REPLY_NIL);
  g_assert_cmpuint (d.reply->elements, ==, 2);
  g_assert_true (channels_redis_reply_is (d.reply->element[1]->element[0], "x"));
  g_assert_cmpuint (fixture->client->n_down, ==, 0);
}

/* What ends a connection, and a word of why. */
typedef struct
{
  FakeReply reply;
  const char *why;
} Ending;

static const Ending endings[] = {
  { { .verb = "A", .reply = "$100\r\nhalf", .hang_up = TRUE }, "closed" },
  { { .verb = "A", .reply = NULL, .hang_up = TRUE }, "closed" },
  { { .verb = "A", .reply = "HTTP/1.1 400 Bad Request\r\n\r\n" }, "no reply" },
  { { .verb = "A", .reply = "*4294967295\r\n" }, "no reply" },
  { { .verb = "A", .reply = "*1000001\r\n" }, "too many elements" },
  { { .verb = "A", .reply = "*600000\r\n*600000\r\n" }, "too many elements" },
  { { .verb = "A", .reply = "$-7\r\n" }, "no reply" },
  { { .verb = "A", .reply = ":one\r\n" }, "no reply" },
  { { .verb = "A", .reply = "%1\r\n+a\r\n+b\r\n" }, "no reply" },
  { { .verb = "A", .reply = "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n" },
    "no reply" },
};

static void
test_ending (Fixture *fixture, gconstpointer data)
{
  const Ending *ending = data;
  const FakeReply script[] = { ending->reply, { .verb = NULL } };
  g_auto (RedisAnswer) answer = { 0 };
  g_auto (RedisAnswer) behind = { 0 };

  g_test_summary ("What makes no sense ends the connection, which comes back");

  fixture->fake->script = script;
  redis_client_send (fixture->client, "A", &answer);
  redis_client_call (fixture->client, "B", &behind);
  channels_test_wait_until (fixture->client->n_up == 2);

  g_assert_cmpuint (fixture->client->n_down, ==, 1);
  g_assert_error (answer.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  g_assert_error (behind.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  g_assert_nonnull (strstr (answer.error->message, ending->why));
  fixture->fake->script = obedient;
}

static void
test_unasked (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("An answer that nobody waits for ends the connection");

  fake_redis_say (fixture->fake, data);
  channels_test_wait_until (fixture->client->n_up == 2);

  g_assert_cmpuint (fixture->client->n_down, ==, 1);
}

static void
test_too_long (Fixture *fixture, gconstpointer data)
{
  g_autofree char *text = g_malloc0 (CHANNELS_REDIS_REPLY_MAX + 64);
  gsize head = g_snprintf (text, 64, "$%" G_GSIZE_FORMAT "\r\n", CHANNELS_REDIS_REPLY_MAX);
  g_autoptr (ChannelsRedisReader) reader = channels_redis_reader_new ();
  g_autoptr (GError) error = NULL;

  g_test_summary ("A reply takes its bound to the last byte, and not one more");

  g_assert_cmpuint (CHANNELS_REDIS_REPLY_MAX, ==, 16 * 1024 * 1024);
  g_assert_true (channels_redis_reader_feed (reader, text, head, &error));
  g_assert_true (
      channels_redis_reader_feed (reader, text + head, CHANNELS_REDIS_REPLY_MAX - head, &error));
  g_assert_no_error (error);
  g_assert_false (channels_redis_reader_feed (reader, text + head, 1, &error));
  g_assert_error (error, CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_PROTOCOL);
}

/* The error replies of Redis, and whether they end the connection. */
typedef struct
{
  const char *reply;
  ChannelsRedisError code;
  gboolean ends;
} ErrorReply;

static const ErrorReply error_replies[] = {
  { "-ERR wrong number of arguments\r\n", CHANNELS_REDIS_ERROR_FAILED, FALSE },
  { "-NOAUTHOR\r\n", CHANNELS_REDIS_ERROR_FAILED, FALSE },
  { "-\r\n", CHANNELS_REDIS_ERROR_FAILED, FALSE },
  { "-\xff\r\n", CHANNELS_REDIS_ERROR_FAILED, FALSE },
  { "-NOAUTH Authentication required.\r\n", CHANNELS_REDIS_ERROR_NOAUTH, TRUE },
  { "-WRONGPASS invalid\r\n", CHANNELS_REDIS_ERROR_WRONGPASS, FALSE },
  { "-NOPERM this user\r\n", CHANNELS_REDIS_ERROR_NOPERM, FALSE },
  { "-DENIED Redis is running\r\n", CHANNELS_REDIS_ERROR_DENIED, TRUE },
  { "-ERR max number of clients reached\r\n", CHANNELS_REDIS_ERROR_MAXCLIENTS, TRUE },
  { "-LOADING Redis is loading\r\n", CHANNELS_REDIS_ERROR_LOADING, TRUE },
  { "-MASTERDOWN Link\r\n", CHANNELS_REDIS_ERROR_MASTERDOWN, TRUE },
  { "-READONLY You can't\r\n", CHANNELS_REDIS_ERROR_READONLY, TRUE },
  { "-TRYAGAIN Multiple keys\r\n", CHANNELS_REDIS_ERROR_TRYAGAIN, TRUE },
  { "-CLUSTERDOWN Hash slot\r\n", CHANNELS_REDIS_ERROR_CLUSTERDOWN, TRUE },
  { "-BUSY Redis is busy\r\n", CHANNELS_REDIS_ERROR_BUSY, FALSE },
  { "-OOM command not allowed\r\n", CHANNELS_REDIS_ERROR_OOM, FALSE },
  { "-MISCONF Redis is\r\n", CHANNELS_REDIS_ERROR_MISCONF, FALSE },
  { "-NOSCRIPT No matching\r\n", CHANNELS_REDIS_ERROR_NOSCRIPT, TRUE },
  { "-WRONGTYPE Operation\r\n", CHANNELS_REDIS_ERROR_WRONGTYPE, FALSE },
  { "-MOVED 3999 127.0.0.1:6381\r\n", CHANNELS_REDIS_ERROR_MOVED, FALSE },
  { "-ASK 3999 127.0.0.1:6381\r\n", CHANNELS_REDIS_ERROR_ASK, FALSE },
};

static void
test_error_reply (Fixture *fixture, gconstpointer data)
{
  const ErrorReply *row = data;
  const FakeReply script[] = { { .verb = "A", .reply = row->reply }, { .verb = NULL } };
  g_auto (RedisAnswer) answer = { 0 };

  g_test_summary ("An error reply is a GError, and some end the connection");

  if (row->code == CHANNELS_REDIS_ERROR_NOAUTH)
    g_test_expect_message ("channels-redis", G_LOG_LEVEL_WARNING, "*does not let us in*");
  fixture->fake->script = script;
  redis_client_call (fixture->client, "A", &answer);

  g_assert_error (answer.error, CHANNELS_REDIS_ERROR, (int) row->code);
  channels_test_wait_until (fixture->client->n_up == (row->ends ? 2 : 1));
  g_assert_cmpuint (fixture->client->n_down, ==, row->ends ? 1 : 0);
  g_test_assert_expected_messages ();
  fixture->fake->script = obedient;
}

static void
test_login_error (Fixture *fixture, gconstpointer data)
{
  const FakeReply script[] = { { .verb = "AUTH", .reply = data }, { .verb = NULL } };
  g_autoptr (RedisClient) client = NULL;

  g_test_summary ("A login that fails is tried again until it is well");

  fixture->fake->script = script;
  client = make_client (fixture, ":s3cret@");
  channels_test_wait_until (fake_redis_count (fixture->fake, "AUTH s3cret") == 2);
  g_assert_cmpuint (client->n_up, ==, 0);

  fixture->fake->script = obedient;
  channels_test_wait_until (client->n_up == 1);
  g_assert_cmpuint (client->n_down, ==, 0);
}

static const char *const refusals[] = {
  "-WRONGPASS invalid s3cret\r\n",
  "-NOPERM this user\r\n",
  "-NOAUTH Authentication required.\r\n",
  "-ERR unknown command `AUTH`, with args beginning with: `s3cret`\r\n",
};

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  const FakeReply script[] = { { .verb = "AUTH", .reply = data }, { .verb = NULL } };
  g_autofree char *pattern =
      g_strdup_printf ("redis://127.0.0.1:%u/0 does not let us in: *", fixture->fake->port);
  gint64 begin = g_get_monotonic_time ();
  g_autoptr (RedisClient) client = NULL;

  g_test_summary ("Who is not let in says so once, without the password, and asks seldom");

  g_test_expect_message ("channels-redis", G_LOG_LEVEL_WARNING, pattern);
  fixture->fake->script = script;
  client = make_client (fixture, ":s3cret@");
  channels_test_wait_until (fake_redis_count (fixture->fake, "AUTH s3cret") == 3);

  g_test_assert_expected_messages ();
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 2 * fixture->options.refused_floor);
  g_assert_true (channels_redis_connection_is_refused (client->connection));

  fixture->fake->script = obedient;
  channels_test_wait_until (client->n_up == 1);
  g_assert_false (channels_redis_connection_is_refused (client->connection));
}

static GLogWriterOutput
look_for_secrets (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  for (gsize i = 0; i < n_fields; i++)
    {
      if (fields[i].length < 0)
        g_assert_null (strstr (fields[i].value, "s3cret"));
    }

  return G_LOG_WRITER_HANDLED;
}

static void
test_no_secret (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("Nothing that is logged has the password");

  if (g_test_subprocess ())
    {
      const FakeReply script[] = { { .verb = "AUTH", .reply = refusals[3] }, { .verb = NULL } };
      g_autoptr (RedisClient) client = NULL;

      g_log_set_always_fatal (G_LOG_FATAL_MASK);
      g_log_set_writer_func (look_for_secrets, NULL, NULL);
      fixture->fake->script = script;
      client = make_client (fixture, ":s3cret@");
      channels_test_wait_until (fake_redis_count (fixture->fake, "AUTH s3cret") == 2);
      return;
    }

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

static void
test_nameless (Fixture *fixture, gconstpointer data)
{
  static const FakeReply script[] = {
    { .verb = "CLIENT", .reply = "-NOPERM no CLIENT for you\r\n" }, { .verb = NULL }
  };
  g_autoptr (RedisClient) client = NULL;

  g_test_summary ("A user who may have no name gets in without one");

  fixture->fake->script = script;
  client = make_client (fixture, "");
  channels_test_wait_until (client->n_up == 1);
}

static const char *const silences[] = { NULL, "$100\r\nhalf of it" };

static void
test_deadline (Fixture *fixture, gconstpointer data)
{
  const FakeReply script[] = { { .verb = "A", .reply = data }, { .verb = "B" }, { .verb = NULL } };
  g_auto (RedisAnswer) late = { 0 };
  g_auto (RedisAnswer) behind = { 0 };

  g_test_summary ("No answer, or half of one, ends the connection when its time is over");

  fixture->fake->script = script;
  redis_client_send_cancellable (fixture->client, "A", 20 * G_TIME_SPAN_MILLISECOND, NULL, &late);
  redis_client_call (fixture->client, "B", &behind);

  g_assert_cmpuint (late.n_calls, ==, 1);
  g_assert_error (late.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  g_assert_error (behind.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  g_assert_nonnull (strstr (late.error->message, "in time"));
  channels_test_wait_until (fixture->client->n_up == 2);
  fixture->fake->script = obedient;
}

static void
test_heartbeat (Fixture *fixture, gconstpointer data)
{
  static const FakeReply dead[] = { { .verb = "PING", .reply = NULL }, { .verb = NULL } };
  g_autoptr (RedisClient) client = NULL;

  g_test_summary ("A silent Redis is pinged, and left where that finds no answer");

  fixture->options.heartbeat = 20 * G_TIME_SPAN_MILLISECOND;
  client = make_client (fixture, "");
  channels_test_wait_until (fake_redis_count (fixture->fake, "PING") == 3);
  g_assert_cmpuint (client->n_down, ==, 0);

  redis_client_free (g_steal_pointer (&client));
  fixture->options.command_timeout = 50 * G_TIME_SPAN_MILLISECOND;
  fixture->fake->script = dead;
  client = make_client (fixture, "");
  channels_test_wait_until (client->n_up == 2);
  g_assert_cmpuint (client->n_down, ==, 1);
}

static void
test_silence (Fixture *fixture, gconstpointer data)
{
  static const FakeReply script[] = { { .verb = "A", .reply = NULL }, { .verb = NULL } };
  g_autoptr (RedisClient) client = NULL;
  g_auto (RedisAnswer) answer = { 0 };

  g_test_summary ("Silence ends the connection however long a command would wait");

  fixture->options.heartbeat = 20 * G_TIME_SPAN_MILLISECOND;
  fixture->options.silence = 60 * G_TIME_SPAN_MILLISECOND;
  fixture->fake->script = script;
  client = make_client (fixture, "");
  channels_test_wait_until (client->n_up == 1);
  redis_client_call (client, "A", &answer);

  g_assert_error (answer.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  g_assert_cmpuint (client->n_down, ==, 1);
}

static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
  static const FakeReply script[] = { { .verb = "A", .reply = NULL },
                                      { .verb = "B", .reply = "+for A\r\n+for B\r\n" },
                                      { .verb = NULL } };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (RedisAnswer) a = { 0 };
  g_auto (RedisAnswer) b = { 0 };
  g_auto (RedisAnswer) never_sent = { 0 };

  g_test_summary ("Who cancels hears at once, and its answer is given to nobody else");

  fixture->fake->script = script;
  redis_client_send_cancellable (fixture->client, "A", REDIS_PATIENCE, cancellable, &a);
  channels_test_wait_until (fake_redis_count (fixture->fake, "A") == 1);
  g_cancellable_cancel (cancellable);
  channels_test_wait_until (a.n_calls == 1);
  redis_client_send_cancellable (fixture->client, "C", REDIS_PATIENCE, cancellable, &never_sent);
  redis_client_call (fixture->client, "B", &b);

  g_assert_error (a.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_error (never_sent.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (channels_redis_reply_is (b.reply, "for B"));
  g_assert_cmpuint (fake_redis_count (fixture->fake, "C"), ==, 0);
  g_assert_cmpuint (fixture->client->n_down, ==, 0);
}

static void
test_close (Fixture *fixture, gconstpointer data)
{
  static const FakeReply script[] = { { .verb = "A", .reply = NULL }, { .verb = NULL } };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (RedisAnswer) plain = { 0 };
  g_auto (RedisAnswer) cancelled = { 0 };
  g_auto (RedisAnswer) late = { 0 };

  g_test_summary ("To close ends each command once, tells nobody else, and is final");

  fixture->fake->script = script;
  redis_client_send (fixture->client, "A", &plain);
  redis_client_send_cancellable (fixture->client, "A", REDIS_PATIENCE, cancellable, &cancelled);
  g_cancellable_cancel (cancellable);
  channels_redis_connection_close (fixture->client->connection);
  g_object_run_dispose (G_OBJECT (fixture->client->connection));
  redis_client_call (fixture->client, "A", &late);
  channels_test_wait_until (plain.n_calls + cancelled.n_calls == 2);
  channels_test_wait_until (fixture->fake->clients->len == 0);

  g_assert_error (plain.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  g_assert_error (cancelled.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_error (late.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  g_assert_cmpuint (fixture->client->n_down, ==, 0);
}

static void
test_drop_any_time (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("A connection may be dropped wherever it is on its way up");

  for (guint turns = 0; turns < 30; turns++)
    {
      RedisClient *client = make_client (fixture, ":s3cret@");

      for (guint i = 0; i < turns; i++)
        g_main_context_iteration (NULL, FALSE);
      redis_client_free (client);
    }

  channels_test_wait_until (fixture->fake->clients->len == 1);
}

static void
test_bound (Fixture *fixture, gconstpointer data)
{
  static const FakeReply script[] = { { .verb = "A", .reply = NULL }, { .verb = NULL } };
  const char *argv[] = { "A" };
  g_auto (RedisAnswer) answer = { 0 };

  g_test_summary ("There is a bound on the commands under way, and it ends no connection");

  fixture->fake->script = script;
  for (guint i = 0; i < CHANNELS_REDIS_COMMANDS_MAX; i++)
    channels_redis_connection_command_async (fixture->client->connection, 1, argv, NULL,
                                             REDIS_PATIENCE, NULL, NULL, NULL);
  g_assert_cmpuint (channels_redis_connection_get_n_commands (fixture->client->connection), ==,
                    CHANNELS_REDIS_COMMANDS_MAX);
  redis_client_call (fixture->client, "B", &answer);

  g_assert_error (answer.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  g_assert_cmpuint (fixture->client->n_down, ==, 0);
  g_assert_cmpuint (fake_redis_count (fixture->fake, "B"), ==, 0);
}

static void
test_too_large (Fixture *fixture, gconstpointer data)
{
  g_autofree char *most = g_strnfill (CHANNELS_REDIS_UNSENT_MAX - 1, 'x');
  g_autofree char *good = g_strconcat ("A ", most, NULL);
  g_autofree char *bad = g_strconcat ("AB ", most, NULL);
  g_auto (RedisAnswer) refused = { 0 };
  g_auto (RedisAnswer) answer = { 0 };

  g_test_summary ("There is a bound on the bytes that wait, and it ends no connection");

  redis_client_call (fixture->client, bad, &refused);
  g_assert_error (refused.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);

  redis_client_send (fixture->client, good, &answer);
  g_assert_cmpuint (channels_redis_connection_get_n_commands (fixture->client->connection), ==, 1);
  channels_redis_connection_close (fixture->client->connection);
  channels_test_wait_until (answer.n_calls == 1);
  g_assert_cmpuint (fixture->client->n_down, ==, 0);
}

static void
test_refused_while_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (RedisClient) client = make_client (fixture, "");
  g_auto (RedisAnswer) answer = { 0 };

  g_test_summary ("A command is refused at once while it is not up");

  redis_client_call (client, "A", &answer);

  g_assert_error (answer.error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE);
  g_assert_cmpuint (client->n_up, ==, 0);
}

#define MESSAGE "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n"

static void
test_subscriber (Fixture *fixture, gconstpointer data)
{
  static const FakeReply script[] = {
    { .verb = "SUBSCRIBE",
      .reply = "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n" MESSAGE
               "*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n",
      .bytewise = TRUE },
    { .verb = "PING", .reply = "*2\r\n$4\r\npong\r\n$0\r\n\r\n" },
    { .verb = NULL },
  };
  g_autofree char *url = fake_redis_get_url (fixture->fake);
  g_autoptr (RedisClient) client = NULL;
  g_auto (RedisAnswer) answer = { 0 };

  g_test_summary ("A subscriber is told messages, and knows them from answers");

  fixture->fake->script = script;
  fixture->options.heartbeat = 20 * G_TIME_SPAN_MILLISECOND;
  client = redis_client_new (url, CHANNELS_REDIS_CONNECTION_SUBSCRIBER, &fixture->options);
  channels_test_wait_until (client->n_up == 1);
  redis_client_call (client, "SUBSCRIBE a b", &answer);
  channels_test_wait_until (fake_redis_count (fixture->fake, "PING") == 2);

  g_assert_cmpint (answer.reply->element[2]->integer, ==, 2);
  g_assert_cmpuint (client->messages->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (client->messages, 0), ==, "a hi");
  g_assert_cmpuint (client->n_down, ==, 0);
}

static const char *const unasked[] = { "+OK\r\n", "*1\r\n$3\r\nfoo\r\n", MESSAGE, "-ERR no\r\n" };

#define add(path, data, function) g_test_add (path, Fixture, data, set_up, function, tear_down)

/* A test for each row of a table. */
#define add_rows(path, table, row, function)                                                       \
  G_STMT_START                                                                                     \
  {                                                                                                \
    for (guint i = 0; i < G_N_ELEMENTS (table); i++)                                               \
      {                                                                                            \
        g_autofree char *numbered = g_strdup_printf ("%s/%u", path, i);                            \
                                                                                                   \
        add (numbered, row table[i], function);                                                    \
      }                                                                                            \
  }                                                                                                \
  G_STMT_END

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("/redis-connection/login", NULL, test_login);
  add ("/redis-connection/pipeline", NULL, test_pipeline);
  add_rows ("/redis-connection/ending", endings, &, test_ending);
  add_rows ("/redis-connection/unasked", unasked, , test_unasked);
  add ("/redis-connection/too-long", NULL, test_too_long);
  add_rows ("/redis-connection/error-reply", error_replies, &, test_error_reply);
  add ("/redis-connection/login-error", "-LOADING not yet\r\n", test_login_error);
  add_rows ("/redis-connection/refused", refusals, , test_refused);
  add ("/redis-connection/no-secret", NULL, test_no_secret);
  add ("/redis-connection/nameless", NULL, test_nameless);
  add_rows ("/redis-connection/deadline", silences, , test_deadline);
  add ("/redis-connection/heartbeat", NULL, test_heartbeat);
  add ("/redis-connection/silence", NULL, test_silence);
  add ("/redis-connection/cancelled", NULL, test_cancelled);
  add ("/redis-connection/close", NULL, test_close);
  add ("/redis-connection/drop-any-time", NULL, test_drop_any_time);
  add ("/redis-connection/bound", NULL, test_bound);
  add ("/redis-connection/too-large", NULL, test_too_large);
  add ("/redis-connection/refused-while-down", NULL, test_refused_while_down);
  add ("/redis-connection/subscriber", NULL, test_subscriber);

  return g_test_run ();
}
