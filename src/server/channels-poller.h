/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "channels-deadlines.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_POLLER (channels_poller_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsPoller, channels_poller, CHANNELS, POLLER, GObject)

typedef struct _ChannelsWatch ChannelsWatch;

/**
 * ChannelsWatch:
 * @fd: the descriptor; -1 while it is not watched
 * @func: called when something happened to it; `events` are epoll's, 0 where
 *   channels_poller_call_again() asked for the call
 *
 * One descriptor of the set; lies inside the struct of whom it concerns.
 */
struct _ChannelsWatch
{
  int fd;
  gboolean again; /* it waits to be called again */
  void (*func) (ChannelsWatch *watch, guint32 events);
};

typedef struct _ChannelsFlush ChannelsFlush;

/**
 * ChannelsFlush:
 * @func: writes what has gathered
 *
 * Something to be done once before the loop sleeps, however often it was asked for.
 */
struct _ChannelsFlush
{
  gboolean pending;
  void (*func) (ChannelsFlush *flush);
};

ChannelsPoller *channels_poller_new (GError **error);

ChannelsDeadlines *channels_poller_get_deadlines (ChannelsPoller *self);

gboolean channels_poller_add (ChannelsPoller *self, ChannelsWatch *watch, int fd, GError **error);

void channels_poller_remove (ChannelsPoller *self, ChannelsWatch *watch);

void channels_poller_call_again (ChannelsPoller *self, ChannelsWatch *watch);

void channels_poller_flush_later (ChannelsPoller *self, ChannelsFlush *flush);

void channels_poller_forget_flush (ChannelsPoller *self, ChannelsFlush *flush);

guint8 *channels_poller_get_buffer (ChannelsPoller *self, gsize *out_size);

void channels_poller_note_blocked (ChannelsPoller *self);

guint channels_poller_count_blocked (ChannelsPoller *self);

GMainContext *channels_poller_get_parking (ChannelsPoller *self);

G_END_DECLS
