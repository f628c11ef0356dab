/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "channels-event.h"

G_BEGIN_DECLS

/**
 * ChannelsConsumerError:
 * @CHANNELS_CONSUMER_ERROR_UNSUPPORTED: the consumer takes no such message: close with 1003
 */
typedef enum
{
  CHANNELS_CONSUMER_ERROR_UNSUPPORTED,
} ChannelsConsumerError;

#define CHANNELS_CONSUMER_ERROR (channels_consumer_error_quark ())
GQuark channels_consumer_error_quark (void);

#define CHANNELS_TYPE_CONSUMER (channels_consumer_get_type ())
G_DECLARE_INTERFACE (ChannelsConsumer, channels_consumer, CHANNELS, CONSUMER, GObject)

/**
 * ChannelsConsumerInterface:
 * @receive: what a browser's message means; see channels_consumer_receive()
 * @encode: how a browser is shown an event; see channels_consumer_encode()
 *
 * What a route's messages mean. It keeps nothing of a conversation: one serves all browsers.
 */
struct _ChannelsConsumerInterface
{
  GTypeInterface parent_iface;

  gboolean (*receive) (ChannelsConsumer *self,
                       gboolean text,
                       GBytes *message,
                       ChannelsEvent **out_event,
                       GByteArray *reply,
                       GError **error);
  gboolean (*encode) (ChannelsConsumer *self, ChannelsEvent *event, GByteArray *frames);
};

gboolean channels_consumer_receive (ChannelsConsumer *self,
                                    gboolean text,
                                    GBytes *message,
                                    ChannelsEvent **out_event,
                                    GByteArray *reply,
                                    GError **error);

gboolean
channels_consumer_encode (ChannelsConsumer *self, ChannelsEvent *event, GByteArray *frames);

void channels_consumer_append_error (GByteArray *reply, const char *code, const char *message);

G_END_DECLS
