/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-frame-gate.h"
#include "channels-socket-input.h"

G_BEGIN_DECLS

/**
 * ChannelsReader:
 *
 * The way of a browser's bytes to libsoup; see `channels-reader.c`. Lies inside the socket.
 */
typedef struct
{
  ChannelsSocketInput *input; /* (owned): where libsoup reads */
  ChannelsFrameGate gate;
  GByteArray *held;  /* (owned) (nullable): was read, and waits for its turn */
  GByteArray *begun; /* (owned) (nullable): of a text message, whose end is not here yet */
  gsize missing;     /* bytes of that */
  gint64 last_heard; /* µs, monotonic: when the browser last sent anything */
  void (*text) (GBytes *message, gpointer owner); /* (nullable): gets whole messages */
  gpointer owner;                                 /* (unowned) */
} ChannelsReader;

void channels_reader_init (ChannelsReader *self, GMainContext *parking, GBytes *request);

void channels_reader_clear (ChannelsReader *self);

void channels_reader_park (ChannelsReader *self, gsize message_size, GBytes *early);

guint16 channels_reader_take (ChannelsReader *self, const guint8 *data, gsize size);

guint16 channels_reader_take_held (ChannelsReader *self);

void channels_reader_end (ChannelsReader *self);

G_END_DECLS
