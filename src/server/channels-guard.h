/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

#include "channels-request-head.h"

G_BEGIN_DECLS

/* How a page of another origin shows its ticket T: as a subprotocol next to ours, or, where a
 * client cannot name subprotocols, as the query ticket=T. */
#define CHANNELS_TICKET_SUBPROTOCOL_PREFIX "channels.ticket."
#define CHANNELS_TICKET_QUERY_PREFIX "ticket="

/**
 * ChannelsGuard:
 *
 * Who may come in: pure rules, no socket.
 */
typedef struct _ChannelsGuard ChannelsGuard;

ChannelsGuard *channels_guard_new (void);

void channels_guard_free (ChannelsGuard *self);

void channels_guard_add_own (ChannelsGuard *self, const char *name, guint16 port);

gboolean channels_guard_add_host (ChannelsGuard *self, const char *host, GError **error);

gboolean channels_guard_add_origin (ChannelsGuard *self, const char *origin, GError **error);

gboolean channels_guard_check_host (ChannelsGuard *self,
                                    const ChannelsRequestHead *head,
                                    guint16 port,
                                    GError **error);

gboolean channels_guard_is_own_origin (ChannelsGuard *self, const char *origin, guint16 port);

gboolean channels_guard_allows_origin (ChannelsGuard *self, const char *origin, guint16 port);

gboolean
channels_guard_is_stranger (ChannelsGuard *self, const ChannelsRequestHead *head, guint16 port);

gboolean channels_guard_admit (ChannelsGuard *self,
                               const ChannelsRequestHead *head,
                               guint16 port,
                               GError **error);

char *channels_guard_take_ticket (const ChannelsRequestHead *head);

gboolean channels_origin_validate (const char *origin, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsGuard, channels_guard_free)

G_END_DECLS
