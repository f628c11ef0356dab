/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-chat-consumer.h"

#include "channels-frame.h"
#include "channels-json.h"
#include "channels-names.h"

/* With the space that Python's json.dumps() writes, as Django's tutorial has it on the wire. */
#define BEFORE_MESSAGE "{\"message\": "
#define AFTER_MESSAGE "}"

/**
 * ChannelsChatConsumer:
 *
 * The chat of Django Channels' tutorial: `{"message": …}` in, to the group as an event of type
 * `chat_message`, and `{"message": …}` out to every browser in it.
 *
 * The value of `message` may be any JSON; it is checked, never reprinted: what a browser sent is
 * what the others get, byte for byte. The event's type is set here: a browser cannot choose it.
 */
struct _ChannelsChatConsumer
{
  GObject parent_instance;

  guint max_depth; /* of a browser's JSON */
};

static void consumer_iface_init (ChannelsConsumerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChannelsChatConsumer,
                               channels_chat_consumer,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHANNELS_TYPE_CONSUMER, consumer_iface_init))

static gboolean
chat_receive (ChannelsConsumer *consumer,
              gboolean text,
              GBytes *message,
              ChannelsEvent **out_event,
              GByteArray *reply,
              GError **error)
{
  ChannelsChatConsumer *self = CHANNELS_CHAT_CONSUMER (consumer);
  const char *value;
  gsize value_length;
  gsize length;
  const char *data = g_bytes_get_data (message, &length);

  if (!text)
    {
      g_set_error_literal (error, CHANNELS_CONSUMER_ERROR, CHANNELS_CONSUMER_ERROR_UNSUPPORTED,
                           "only text here");
      return FALSE;
    }

  if (!channels_json_find_member (data, length, self->max_depth, CHANNELS_EVENT_KEY_MESSAGE, &value,
                                  &value_length, error))
    return FALSE;

  *out_event = channels_event_new_chat (value, value_length);
  return TRUE;
}

static gboolean
chat_encode (ChannelsConsumer *consumer, ChannelsEvent *event, GByteArray *frames)
{
  const char *type = channels_event_get_event_type (event);
  g_autoptr (GError) error = NULL;
  GBytes *message;
  gconstpointer data;
  gsize size;

  if (!g_str_equal (type, CHANNELS_EVENT_TYPE_CHAT) &&
      !g_str_equal (type, CHANNELS_EVENT_TYPE_CHAT_DOTTED))
    {
      g_debug ("dropped an event of type “%s”: the chat has no handler for it", type);
      return FALSE;
    }

  message = channels_event_get_message_json (event, &error);
  if (message == NULL)
    {
      g_debug ("dropped an event of type “%s”: %s", type, error->message);
      return FALSE;
    }

  data = g_bytes_get_data (message, &size);
  channels_frame_append_head (frames, CHANNELS_FRAME_TEXT,
                              strlen (BEFORE_MESSAGE) + size + strlen (AFTER_MESSAGE));
  g_byte_array_append (frames, (const guint8 *) BEFORE_MESSAGE, strlen (BEFORE_MESSAGE));
  g_byte_array_append (frames, data, size);
  g_byte_array_append (frames, (const guint8 *) AFTER_MESSAGE, strlen (AFTER_MESSAGE));

  return TRUE;
}

static void
consumer_iface_init (ChannelsConsumerInterface *iface)
{
  iface->receive = chat_receive;
  iface->encode = chat_encode;
}

static void
channels_chat_consumer_class_init (ChannelsChatConsumerClass *klass)
{
}

static void
channels_chat_consumer_init (ChannelsChatConsumer *self)
{
}

/**
 * channels_chat_consumer_new:
 * @max_depth: how deep a browser's JSON may be nested
 *
 * Returns: (transfer full): a consumer
 */
ChannelsConsumer *
channels_chat_consumer_new (guint max_depth)
{
  ChannelsChatConsumer *self = g_object_new (CHANNELS_TYPE_CHAT_CONSUMER, NULL);

  self->max_depth = max_depth;

  return CHANNELS_CONSUMER (self);
}

/**
 * channels_chat_consumer_set_max_depth:
 * @self: a chat consumer
 * @max_depth: how deep a browser's JSON may be nested from now on
 */
void
channels_chat_consumer_set_max_depth (ChannelsConsumer *self, guint max_depth)
{
  g_return_if_fail (CHANNELS_IS_CHAT_CONSUMER (self));

  CHANNELS_CHAT_CONSUMER (self)->max_depth = max_depth;
}
