/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CHANNELS_FRAME_GATE_FRAMES_MAX 262144 /* in one message */

/**
 * ChannelsFrameGate:
 *
 * What is known of the frames that one browser is sending. A plain value.
 */
typedef struct
{
  guint64 payload_left; /* bytes of the current frame's payload that are still to come */
  gsize message_size;   /* bytes that one message may have */
  gsize message_length; /* bytes of the current message, in all its frames so far */
  guint message_frames; /* frames of the current message so far */
  guint8 head[14];      /* the current frame's head */
  guint8 head_length;   /* bytes of it that are here, where it arrives in pieces */
  guint in_payload : 1; /* the head is read, the frame has not ended */
  guint in_message : 1; /* a message has begun and its last frame has not */
} ChannelsFrameGate;

void channels_frame_gate_init (ChannelsFrameGate *self, gsize message_size);

gboolean channels_frame_gate_is_between (const ChannelsFrameGate *self);

gsize channels_frame_gate_check (ChannelsFrameGate *self,
                                 const guint8 *data,
                                 gsize length,
                                 guint *inout_frames,
                                 guint16 *out_close_code);

G_END_DECLS
