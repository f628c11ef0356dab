/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CHANNELS_TICKETS_MAX 1024
#define CHANNELS_TICKETS_PER_OWNER_MAX 256
#define CHANNELS_TICKET_GROUPS_MAX 64
#define CHANNELS_TICKET_LENGTH 22 /* characters: 128 bits in base64url, unpadded */
#define CHANNELS_TICKET_SECONDS_DEFAULT 30
#define CHANNELS_TICKET_SECONDS_MAX 300

/**
 * ChannelsTickets:
 *
 * The tickets that let pages of other origins in, each once and for a short time.
 */
typedef struct _ChannelsTickets ChannelsTickets;

ChannelsTickets *channels_tickets_new (void);

void channels_tickets_free (ChannelsTickets *self);

char *channels_tickets_mint (ChannelsTickets *self,
                             const char *owner,
                             const char *const *groups,
                             const char *origin,
                             guint seconds,
                             gint64 now,
                             GError **error);

gboolean channels_tickets_spend (ChannelsTickets *self,
                                 const char *ticket,
                                 const char *origin,
                                 const char *group,
                                 gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsTickets, channels_tickets_free)

G_END_DECLS
