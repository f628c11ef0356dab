/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-frame-gate.h"
#include "channels-socket-input.h"

G_BEGIN_DECLS

/**
 * ChannelsReaderMessageFunc:
 * @is_text: whether it is text: it is UTF-8 then, in which there may be NULs
 * @message: a whole message, behind which stands a NUL
 * @owner: (closure): whose browser has said it
 */
typedef void (*ChannelsReaderMessageFunc) (gboolean is_text, GBytes *message, gpointer owner);

/**
 * ChannelsReader:
 *
 * Where a browser's bytes go, to its connection and to libsoup; see `channels-reader.c`. Lies
 * inside the socket.
 */
typedef struct
{
  ChannelsSocketInput *input; /* (owned): where libsoup reads */
  ChannelsFrameGate gate;
  GByteArray *held;               /* (owned) (nullable): was read, and waits for its turn */
  GByteArray *frame;              /* (owned) (nullable): of a message, whose end is not here yet */
  GByteArray *message;            /* (owned) (nullable): the frames before that, unmasked */
  gboolean is_text;               /* that is one */
  gint64 last_heard;              /* µs, monotonic: when the browser last sent anything */
  ChannelsReaderMessageFunc func; /* (nullable): gets the messages */
  gpointer owner;                 /* (unowned): passed to it */
} ChannelsReader;

void channels_reader_init (ChannelsReader *self, GMainContext *parking, GBytes *request);

void channels_reader_clear (ChannelsReader *self);

void channels_reader_drop (ChannelsReader *self);

void channels_reader_park (ChannelsReader *self, gsize message_size, GBytes *early);

guint16 channels_reader_take (ChannelsReader *self, const guint8 *data, gsize size);

guint16 channels_reader_take_held (ChannelsReader *self);

void channels_reader_end (ChannelsReader *self);

G_END_DECLS
