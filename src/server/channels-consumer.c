/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-consumer.h"

#include "channels-frame.h"
#include "channels-json.h"

G_DEFINE_QUARK (channels_consumer_error_quark, channels_consumer_error)

G_DEFINE_INTERFACE (ChannelsConsumer, channels_consumer, G_TYPE_OBJECT)

static void
channels_consumer_default_init (ChannelsConsumerInterface *iface)
{
}

/**
 * channels_consumer_receive:
 * @self: a consumer
 * @text: whether it is a text message
 * @message: what the browser sent; UTF-8 if it is text
 * @out_event: (out) (transfer full) (nullable): what to send to the group, if anything
 * @reply: frames to give back to this browser are appended to it
 * @error: return location for a `GError`, or `NULL`
 *
 * Takes a browser's message. Fails with %CHANNELS_CONSUMER_ERROR where it is of a kind that closes
 * the connection, and with %CHANNELS_JSON_ERROR where it is answered by an error.
 *
 * Returns: `TRUE` if it was understood, `FALSE` with @error set otherwise
 */
gboolean
channels_consumer_receive (ChannelsConsumer *self,
                           gboolean text,
                           GBytes *message,
                           ChannelsEvent **out_event,
                           GByteArray *reply,
                           GError **error)
{
  return CHANNELS_CONSUMER_GET_IFACE (self)->receive (self, text, message, out_event, reply, error);
}

/**
 * channels_consumer_encode:
 * @self: a consumer
 * @event: an event
 * @frames: whole frames are appended to it
 *
 * Says how browsers are shown an event.
 *
 * Returns: `TRUE` if they are, `FALSE` if there is no handler for it
 */
gboolean
channels_consumer_encode (ChannelsConsumer *self, ChannelsEvent *event, GByteArray *frames)
{
  return CHANNELS_CONSUMER_GET_IFACE (self)->encode (self, event, frames);
}

/**
 * channels_consumer_append_error:
 * @reply: where frames are joined
 * @code: a short word for programs
 * @message: a sentence for people
 *
 * Appends the text frame `{"error": {"code": …, "message": …}}`.
 */
void
channels_consumer_append_error (GByteArray *reply, const char *code, const char *message)
{
  g_autoptr (GString) text = g_string_new ("{\"error\": {\"code\": ");

  channels_json_append_string (text, code, -1);
  g_string_append (text, ", \"message\": ");
  channels_json_append_string (text, message, -1);
  g_string_append (text, "}}");

  channels_frame_append (reply, CHANNELS_FRAME_TEXT, text->str, text->len);
}
