/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Every literal that more than one side of a border must agree on stands here. */

#define CHANNELS_BUS_NAME "org.example.Channels"
#define CHANNELS_BUS_INTERFACE "org.example.Channels"
#define CHANNELS_OBJECT_PATH "/org/example/Channels"
#define CHANNELS_BUS_ERROR_PREFIX "org.example.Channels.Error."

/* Files: in the user's and the system's configuration directories, and in the session's runtime
 * directory. */
#define CHANNELS_FOLDER "channels"
#define CHANNELS_CONFIG_FILE_NAME "channels.conf"
#define CHANNELS_URL_FILE_NAME "url"
#define CHANNELS_SOCKET_FILE_NAME "ws.sock"

/* Keys of an event, and the types that a chat consumer has a handler for. */
#define CHANNELS_EVENT_KEY_TYPE "type"
#define CHANNELS_EVENT_KEY_MESSAGE "message"
#define CHANNELS_EVENT_KEY_NOTIFICATION "notification"
#define CHANNELS_EVENT_KEY_CHANNEL                                                                 \
  "__asgi_channel__" /* whom a node gives it to; on the wire only */
#define CHANNELS_EVENT_TYPE_CHAT "chat_message"
#define CHANNELS_EVENT_TYPE_CHAT_DOTTED "chat.message"

/* The group of the default route. */
#define CHANNELS_DEFAULT_GROUP "chat_chat_room"

/* Kinds of members, as ListMembers has them. */
#define CHANNELS_KIND_WEBSOCKET "websocket"
#define CHANNELS_KIND_BUS "bus"

/* A group's or channel's name: bytes of ASCII. Django Channels: BaseChannelLayer.MAX_NAME_LENGTH is
 * 100, exclusive. */
#define CHANNELS_NAME_MAX 99

/* A web origin, of a request or a ticket: bytes of a scheme, a host name of 253 and a port. */
#define CHANNELS_ORIGIN_LENGTH_MAX 300

gboolean channels_group_name_validate (const char *name, GError **error);

gboolean channels_channel_name_validate (const char *name, GError **error);

char *channels_node_prefix_new (void);

gboolean channels_node_prefix_validate (const char *text);

char *channels_channel_name_new (const char *node_prefix);

G_END_DECLS
