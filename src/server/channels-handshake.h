/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-poller.h"
#include "channels-request-head.h"

G_BEGIN_DECLS

/**
 * ChannelsHandshake:
 *
 * A connection whose request head has not come yet; see `channels-handshake.c`.
 */
typedef struct _ChannelsHandshake ChannelsHandshake;

/**
 * ChannelsHandshakeFunc:
 * @self: (transfer none): a handshake that has ended: it is not called again, and is the callback's
 * to free
 * @head: (nullable): the request's head
 * @error: (nullable): why it is refused, in %CHANNELS_HTTP_ERROR
 * @user_data: (closure): what was given with the function
 *
 * Takes the outcome: either @head or @error is set, or neither where the peer went away.
 */
typedef void (*ChannelsHandshakeFunc) (ChannelsHandshake *self,
                                       const ChannelsRequestHead *head,
                                       const GError *error,
                                       gpointer user_data);

/**
 * ChannelsHandshakeBounds:
 * @head: bytes that a request's head may have
 * @body: bytes that its body may have, which is thrown away
 * @time: µs in which both must have come
 *
 * What a peer may ask of us before we know what it wants.
 */
typedef struct
{
  gsize head;
  gsize body;
  gint64 time;
} ChannelsHandshakeBounds;

ChannelsHandshake *channels_handshake_new (ChannelsPoller *poller,
                                           int fd,
                                           guint16 port,
                                           const ChannelsHandshakeBounds *bounds,
                                           ChannelsHandshakeFunc func,
                                           gpointer user_data);

guint16 channels_handshake_get_port (ChannelsHandshake *self);

int channels_handshake_steal_fd (ChannelsHandshake *self);

GBytes *channels_handshake_get_rest (ChannelsHandshake *self);

void channels_handshake_free (ChannelsHandshake *self);

G_END_DECLS
