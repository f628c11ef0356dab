/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChannelsOutboxBudget:
 * @bytes: that may wait to be written
 * @events: that may wait
 *
 * How slow a browser may be.
 */
typedef struct
{
  gsize bytes;
  guint events;
} ChannelsOutboxBudget;

/**
 * ChannelsOutbox:
 *
 * What waits to be written to one browser, oldest first. A plain value; see `channels-outbox.c`.
 */
typedef struct
{
  GQueue entries;   /* (element-type ChannelsOutboxEntry) (owned): oldest first */
  gsize offset;     /* bytes of the oldest that are written already */
  gsize backlog;    /* bytes that wait, offset taken off */
  gsize asides;     /* bytes of those, offset or not, that are no events */
  guint events;     /* events that wait, the one that is partly written too */
  gboolean blocked; /* the kernel takes no more, until it says so */
  ChannelsOutboxBudget budget;
} ChannelsOutbox;

/**
 * ChannelsOutboxResult:
 * @CHANNELS_OUTBOX_EMPTY: all is written
 * @CHANNELS_OUTBOX_BLOCKED: the kernel takes no more for now
 * @CHANNELS_OUTBOX_FAILED: the peer is gone
 *
 * How far a write got.
 */
typedef enum
{
  CHANNELS_OUTBOX_EMPTY,
  CHANNELS_OUTBOX_BLOCKED,
  CHANNELS_OUTBOX_FAILED,
} ChannelsOutboxResult;

void channels_outbox_init (ChannelsOutbox *self, const ChannelsOutboxBudget *budget);

void channels_outbox_clear (ChannelsOutbox *self);

gboolean channels_outbox_push (ChannelsOutbox *self, GBytes *frames, guint events);

ChannelsOutboxResult channels_outbox_write (ChannelsOutbox *self, int fd);

G_END_DECLS
