/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* WebSockets that the pages of one origin may have: as many as a browser gives one profile. */
#define CHANNELS_ORIGIN_CONNECTIONS_MAX 256

/* An origin that was refused so often within so long hears no more for as long. */
#define CHANNELS_ORIGIN_REFUSALS_MAX 20
#define CHANNELS_ORIGIN_TIME (60 * G_TIME_SPAN_SECOND)

/* Origins whose refusals are remembered. */
#define CHANNELS_ORIGINS_MAX 1024

/**
 * ChannelsOrigins:
 *
 * What the pages of each origin cost us; see `channels-origins.c`.
 */
typedef struct _ChannelsOrigins ChannelsOrigins;

ChannelsOrigins *channels_origins_new (void);

void channels_origins_free (ChannelsOrigins *self);

gboolean channels_origins_has_room (ChannelsOrigins *self, const char *origin);

void channels_origins_enter (ChannelsOrigins *self, const char *origin);

void channels_origins_leave (ChannelsOrigins *self, const char *origin);

void channels_origins_refuse (ChannelsOrigins *self, const char *origin, gint64 now);

gboolean channels_origins_is_banned (ChannelsOrigins *self, const char *origin, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsOrigins, channels_origins_free)

G_END_DECLS
