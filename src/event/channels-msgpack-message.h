/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Private to this floor: the map that nearly all events are, without a `GVariant` in between. */

/**
 * ChannelsMsgpackMessage:
 * @type: the event's `type`
 * @message: its `message`
 *
 * Texts as they lie in the MessagePack, without NUL at their ends.
 */
typedef struct
{
  struct
  {
    const char *data;
    gsize length; /* bytes */
  } type, message;
} ChannelsMsgpackMessage;

gboolean channels_msgpack_read_message (const guint8 *data,
                                        gsize length,
                                        ChannelsMsgpackMessage *out_message,
                                        GStrvBuilder *channels);

gboolean channels_msgpack_append_message (GByteArray *out, const ChannelsMsgpackMessage *message);

G_END_DECLS
