/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-guard.h"
#include "channels-limits.h"
#include "channels-poller.h"

G_BEGIN_DECLS

/* Connections without a finished request head: the oldest makes room for the newest. */
#define CHANNELS_DOOR_HANDSHAKES_MAX 512

typedef struct _ChannelsDoor ChannelsDoor;

/**
 * ChannelsVisitor:
 * @fd: (owned): its descriptor; who takes it puts -1 in its place
 * @port: the port that it came in on; 0 for the Unix socket
 * @elsewhere: whether it came by another address than the loopback's
 * @stranger: whether its request comes from a page whose origin is not allowed as such
 * @own: whether its request comes from our own page
 * @crowded: whether its origin has no room for one more; set by who takes the visitor
 * @head: (nullable): its request's head
 * @early: (nullable): what came behind the request already
 *
 * Somebody at the door.
 */
typedef struct
{
  int fd;
  guint16 port;
  gboolean elsewhere;
  gboolean stranger;
  gboolean own;
  gboolean crowded;
  const ChannelsRequestHead *head;
  GBytes *early;
} ChannelsVisitor;

/**
 * ChannelsDoorFunc:
 * @visitor: somebody who may come in as far as the door knows, with a head, if @error is `NULL`;
 * its descriptor is closed if it is not taken
 * @error: (nullable): why it is refused, in %CHANNELS_HTTP_ERROR
 * @user_data: (closure): what was given with the function
 */
typedef void (*ChannelsDoorFunc) (ChannelsVisitor *visitor,
                                  const GError *error,
                                  gpointer user_data);

ChannelsDoor *channels_door_new (ChannelsPoller *poller,
                                 const ChannelsLimits *limits,
                                 ChannelsGuard *guard,
                                 gboolean allow_other_users,
                                 ChannelsDoorFunc func,
                                 gpointer user_data);

void channels_door_free (ChannelsDoor *self);

gboolean
channels_door_listen (ChannelsDoor *self, const char *address, guint16 port, GError **error);

gboolean channels_door_adopt (ChannelsDoor *self, GSocket *socket, GError **error);

gboolean channels_door_listen_local (ChannelsDoor *self, const char *path, GError **error);

gboolean channels_door_change (ChannelsDoor *self,
                               const ChannelsLimits *limits,
                               ChannelsGuard *guard,
                               gboolean allow_other_users,
                               GError **error);

gint64 channels_door_get_last_knock (ChannelsDoor *self);

gboolean channels_door_pause (ChannelsDoor *self);

void channels_door_resume (ChannelsDoor *self);

char **channels_door_get_urls (ChannelsDoor *self, const char *scheme, const char *path);

void channels_door_close (ChannelsDoor *self);

G_END_DECLS
