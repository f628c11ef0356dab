/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChannelsEvent:
 *
 * What travels: a dictionary with a `type`. Immutable and counted; made once, handed to every
 * member.
 */
typedef struct _ChannelsEvent ChannelsEvent;

ChannelsEvent *
channels_event_new_from_variant (GVariant *dictionary, guint max_depth, GError **error);

ChannelsEvent *
channels_event_new_from_json (const char *text, gsize length, guint max_depth, GError **error);

ChannelsEvent *
channels_event_new_from_msgpack (const guint8 *data, gsize length, guint max_depth, GError **error);

ChannelsEvent *channels_event_new_addressed (const guint8 *data,
                                             gsize length,
                                             guint max_depth,
                                             char ***out_channels,
                                             GError **error);

ChannelsEvent *channels_event_new_chat (const char *message_json, gsize length);

ChannelsEvent *channels_event_new_chat_text (const char *message);

ChannelsEvent *channels_event_ref (ChannelsEvent *self);

void channels_event_unref (ChannelsEvent *self);

const char *channels_event_get_event_type (ChannelsEvent *self);

GVariant *channels_event_get_variant (ChannelsEvent *self);

GVariant *channels_event_lookup_extra (ChannelsEvent *self, const char *key);

gboolean channels_event_fits_bus (ChannelsEvent *self);

GBytes *channels_event_get_json (ChannelsEvent *self, GError **error);

GBytes *channels_event_get_message_json (ChannelsEvent *self, GError **error);

GBytes *channels_event_get_msgpack (ChannelsEvent *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsEvent, channels_event_unref)

G_END_DECLS
