/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A frame's head: RFC 6455, 5.2. */
#define CHANNELS_FRAME_FIN 0x80
#define CHANNELS_FRAME_LENGTH_MAX_7 125
#define CHANNELS_FRAME_LENGTH_16 126
#define CHANNELS_FRAME_LENGTH_64 127

#define CHANNELS_FRAME_CONTINUATION 0x0
#define CHANNELS_FRAME_TEXT 0x1
#define CHANNELS_FRAME_BINARY 0x2
#define CHANNELS_FRAME_CLOSE 0x8
#define CHANNELS_FRAME_PING 0x9
#define CHANNELS_FRAME_PONG 0xa

/* Close codes: RFC 6455, 7.4.1; from 4000 on they are ours. */
#define CHANNELS_CLOSE_GOING_AWAY 1001
#define CHANNELS_CLOSE_PROTOCOL_ERROR 1002
#define CHANNELS_CLOSE_UNSUPPORTED 1003
#define CHANNELS_CLOSE_POLICY 1008
#define CHANNELS_CLOSE_TOO_BIG 1009
#define CHANNELS_CLOSE_SLOW_CONSUMER 4008

void channels_frame_append_head (GByteArray *out, guint8 opcode, gsize length);

void channels_frame_append (GByteArray *out, guint8 opcode, const void *payload, gsize length);

G_END_DECLS
