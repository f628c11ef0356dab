/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-echo-consumer.h"

#include "channels-frame.h"

/**
 * ChannelsEchoConsumer:
 *
 * Gives every message back to who sent it, text or binary: for testing clients, and with them our
 * own framing. It says nothing to its group and shows nothing of it.
 */
struct _ChannelsEchoConsumer
{
  GObject parent_instance;
};

static void consumer_iface_init (ChannelsConsumerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChannelsEchoConsumer,
                               channels_echo_consumer,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHANNELS_TYPE_CONSUMER, consumer_iface_init))

static gboolean
echo_receive (ChannelsConsumer *consumer,
              gboolean text,
              GBytes *message,
              ChannelsEvent **out_event,
              GByteArray *reply,
              GError **error)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (message, &size);

  channels_frame_append (reply, text ? CHANNELS_FRAME_TEXT : CHANNELS_FRAME_BINARY, data, size);

  *out_event = NULL;
  return TRUE;
}

static gboolean
echo_encode (ChannelsConsumer *consumer, ChannelsEvent *event, GByteArray *frames)
{
  return FALSE;
}

static void
consumer_iface_init (ChannelsConsumerInterface *iface)
{
  iface->receive = echo_receive;
  iface->encode = echo_encode;
}

static void
channels_echo_consumer_class_init (ChannelsEchoConsumerClass *klass)
{
}

static void
channels_echo_consumer_init (ChannelsEchoConsumer *self)
{
}

/**
 * channels_echo_consumer_new:
 *
 * Returns: (transfer full): a consumer
 */
ChannelsConsumer *
channels_echo_consumer_new (void)
{
  return g_object_new (CHANNELS_TYPE_ECHO_CONSUMER, NULL);
}
