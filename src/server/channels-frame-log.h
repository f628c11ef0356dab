/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-socket.h"

G_BEGIN_DECLS

/**
 * ChannelsFrameLog:
 *
 * The frames of events that not every reader has had, oldest first. Events are numbered modulo 2³².
 * A plain value; see `channels-frame-log.c`.
 */
typedef struct
{
  GByteArray *frames; /* (owned): append an event to it, which is not empty, and end it */
  GArray *ends;       /* (element-type guint64) (owned): where each event ends in the stream */
  gsize peak;         /* bytes that @frames have had at most, since they were made */
  guint64 offset;     /* where @frames begin in the stream */
  guint32 base;       /* number of the event that @frames begin with */
  guint32 first;      /* number of the first event that somebody may still want */
  GQueue copies;      /* (element-type Copy) (owned): side by side, oldest first */
  guint32 copied;     /* number of the event behind the last copy */
} ChannelsFrameLog;

void channels_frame_log_init (ChannelsFrameLog *self);

void channels_frame_log_clear (ChannelsFrameLog *self);

void channels_frame_log_end_event (ChannelsFrameLog *self);

guint32 channels_frame_log_get_next (const ChannelsFrameLog *self);

guint channels_frame_log_count (const ChannelsFrameLog *self);

gsize channels_frame_log_get_size (const ChannelsFrameLog *self);

const guint8 *
channels_frame_log_peek (const ChannelsFrameLog *self, guint32 from, guint32 to, gsize *out_size);

guint32 channels_frame_log_limit (const ChannelsFrameLog *self,
                                  guint32 from,
                                  guint events_max,
                                  gsize size_max);

void channels_frame_log_push (ChannelsFrameLog *self,
                              ChannelsSocket *socket,
                              guint32 from,
                              guint32 to,
                              gsize written);

void channels_frame_log_trim (ChannelsFrameLog *self, guint32 first);

G_END_DECLS
