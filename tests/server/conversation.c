/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "conversation.h"

#include "channels-chat-consumer.h"
#include "channels-memory-layer.h"
#include "channels-test-wait.h"

#include <glib/gstdio.h>

#define NESTING 32

static void
on_connection_closed (ChannelsConnection *connection, gpointer user_data)
{
  Conversation *talk = user_data;

  g_assert_true (connection == talk->connection);
  talk->closed++;
}

static void
on_socket_closed (ChannelsSocket *socket, gpointer user_data)
{
  Conversation *talk = user_data;

  g_assert_true (socket == talk->socket);
  talk->socket = NULL;
}

static void
set_up (Conversation *talk, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  int peers;

  talk->poller = channels_poller_new (&error);
  g_assert_no_error (error);
  talk->layer = channels_memory_layer_new ();
  talk->hub = channels_hub_new (talk->layer, "specific.test!");
  channels_limits_init (&talk->limits);
  ws_pair_connect (&talk->ours, &peers);
  talk->client = ws_client_new (peers);
}

/* The browser goes, if it is still there; nothing of the conversation may be left. */
static void
tear_down (Conversation *talk, gconstpointer data)
{
  g_clear_pointer (&talk->client, ws_client_free);
  channels_test_wait_until (talk->socket == NULL);
  conversation_expect_closed (talk);
  conversation_settle (talk);

  g_assert_finalize_object (talk->connection);
  g_assert_finalize_object (talk->audience);
  g_assert_finalize_object (talk->hub);
  g_assert_finalize_object (G_OBJECT (talk->layer));
  g_assert_finalize_object (talk->poller);
}

/* Registers a @test of a conversation that it has to start. */
void
conversation_add_test (const char *path, gconstpointer data, ConversationFunc test)
{
  g_test_add (path, Conversation, data, set_up, test, tear_down);
}

static void
start (Conversation *talk, ChannelsConsumer *consumer, GBytes *early)
{
  const ChannelsOutboxBudget budget = {
    .bytes = talk->limits.value[CHANNELS_LIMIT_BACKLOG],
    .events = talk->limits.value[CHANNELS_LIMIT_BACKLOG_EVENTS],
  };
  g_autoptr (ChannelsSocket) socket =
      channels_socket_new (talk->poller, talk->ours, NULL, &budget, on_socket_closed, talk);

  talk->socket = socket;
  talk->audience = channels_audience_new (talk->hub, talk->poller, consumer, CONVERSATION_GROUP);
  talk->connection = channels_connection_new (talk->hub, talk->poller, &talk->limits, socket, early,
                                              talk->audience);
  channels_connection_set_closed_func (talk->connection, on_connection_closed, talk);
}

/* Starts a chat whose browser has sent @early (nullable) already. */
void
conversation_start (Conversation *talk, GBytes *early)
{
  g_autoptr (ChannelsConsumer) consumer = channels_chat_consumer_new (NESTING);

  start (talk, consumer, early);
}

void
conversation_start_with (Conversation *talk, ChannelsConsumer *consumer)
{
  start (talk, consumer, NULL);
}

/* Turns the loop until it would sleep. */
void
conversation_settle (Conversation *talk)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
take_channel (const char *channel, const char *kind, gint64 joined, gpointer user_data)
{
  char **out_channel = user_data;

  g_assert_null (*out_channel);
  *out_channel = g_strdup (channel);
}

/* The channel (transfer full) of the browser, which is alone in its group. */
char *
conversation_find_channel (Conversation *talk)
{
  char *channel = NULL;

  channels_hub_list_members (talk->hub, CONVERSATION_GROUP, take_channel, &channel);
  g_assert_nonnull (channel);

  return channel;
}

/* Somebody else sends a message to the browser's group. */
void
conversation_send_to_group (Conversation *talk, const char *text)
{
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text (text);

  channels_hub_send_to_group (talk->hub, CONVERSATION_GROUP, event, NULL, NULL, NULL);
}

/* Waits for an error frame with @code. */
void
conversation_expect_error (Conversation *talk, const char *code)
{
  guint8 first;
  g_autoptr (GBytes) payload = ws_client_take_frame (talk->client, &first);
  g_autofree char *text = g_strndup (g_bytes_get_data (payload, NULL), g_bytes_get_size (payload));
  g_autofree char *prefix = g_strdup_printf ("{\"error\": {\"code\": \"%s\"", code);

  g_assert_cmphex (first, ==, WS_TEXT);
  if (!g_str_has_prefix (text, prefix))
    g_assert_cmpstr (text, ==, prefix);
}

/* Waits until the connection has said that it is closed, once, and has left its group. */
void
conversation_expect_closed (Conversation *talk)
{
  channels_test_wait_until (talk->closed > 0);
  g_assert_cmpuint (talk->closed, ==, 1);
  g_assert_cmpuint (channels_audience_get_size (talk->audience), ==, 0);
}
