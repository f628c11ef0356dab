/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-outbox.h"
#include "channels-poller.h"
#include "channels-reader.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_SOCKET (channels_socket_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsSocket, channels_socket, CHANNELS, SOCKET, GIOStream)

/**
 * ChannelsSocketFailure:
 * @CHANNELS_SOCKET_FAILURE_SLOW: more would wait for the browser than may, or it has waited too
 * long
 * @CHANNELS_SOCKET_FAILURE_GONE: it cannot be written to any more
 *
 * Why a socket is of no more use.
 */
typedef enum
{
  CHANNELS_SOCKET_FAILURE_SLOW,
  CHANNELS_SOCKET_FAILURE_GONE,
} ChannelsSocketFailure;

/**
 * ChannelsSocketEvents:
 * @message: the browser has said something
 * @ended: the browser is heard no more; libsoup closes the stream next
 * @violated: the browser broke the protocol; it is heard no more, and `close_code` says how
 * @failed: see #ChannelsSocketFailure; told once
 *
 * What a socket tells the connection above it, from the loop and never from within a call. Either
 * may close or abort the socket.
 */
typedef struct
{
  ChannelsReaderMessageFunc message;
  void (*ended) (ChannelsSocket *socket, gpointer owner);
  void (*violated) (ChannelsSocket *socket, guint16 close_code, gpointer owner);
  void (*failed) (ChannelsSocket *socket, ChannelsSocketFailure failure, gpointer owner);
} ChannelsSocketEvents;

/**
 * ChannelsSocketClosedFunc:
 * @socket: a socket whose descriptor is closed
 * @user_data: (closure): what was given with the function
 */
typedef void (*ChannelsSocketClosedFunc) (ChannelsSocket *socket, gpointer user_data);

ChannelsSocket *channels_socket_new (ChannelsPoller *poller,
                                     int fd,
                                     GBytes *request,
                                     const ChannelsOutboxBudget *budget,
                                     ChannelsSocketClosedFunc closed,
                                     gpointer user_data);

void channels_socket_park (ChannelsSocket *self, gsize message_size, GBytes *early);

void channels_socket_unpark (ChannelsSocket *self);

void channels_socket_set_owner (ChannelsSocket *self,
                                const ChannelsSocketEvents *events,
                                gpointer owner);

gboolean channels_socket_is_open (ChannelsSocket *self);

gsize channels_socket_get_backlog (ChannelsSocket *self);

gint64 channels_socket_get_last_heard (ChannelsSocket *self, gint64 now);

void channels_socket_push (ChannelsSocket *self, GBytes *frames, guint events);

int channels_socket_get_straight (ChannelsSocket *self);

void channels_socket_fail (ChannelsSocket *self, ChannelsSocketFailure failure);

void channels_socket_end_input (ChannelsSocket *self);

void channels_socket_abort_at (ChannelsSocket *self, gint64 due);

void channels_socket_abort (ChannelsSocket *self);

G_END_DECLS
