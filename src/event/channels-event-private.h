/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-event.h"

G_BEGIN_DECLS

/**
 * ChannelsEvent:
 *
 * What travels: a dictionary with a `type`. Immutable and counted; made once, handed to every
 * member.
 *
 * It has up to four forms, the dictionary, its JSON, the JSON of its `message` and its MessagePack,
 * and is born with one of them. The others are made when first asked for and kept: an event costs
 * each kind of receiver once, however many they are. What was JSON keeps the bytes that it had.
 *
 * Nearly all events are chat messages, which have nothing but a `type` and a `message`, a text.
 * Such a *lean* one goes from JSON to MessagePack and back without a dictionary, which would cost
 * more than all the rest of its way.
 *
 * References may be taken and dropped in any thread; everything else is for one thread at a time,
 * since asking makes the missing form.
 */
struct _ChannelsEvent
{
  gatomicrefcount ref_count;
  char *type;           /* (owned) (nullable): `NULL` for a chat message, the commonest by far */
  GVariant *dictionary; /* (owned) (nullable): a{sv}; made when asked for */
  GBytes *json;         /* (owned) (nullable): of the whole; made when asked for */
  GBytes *message_json; /* (owned) (nullable): of its `message`; made when asked for */
  GBytes *msgpack;      /* (owned) (nullable): of the whole; made when asked for */
  gboolean lean;        /* it has a `type` and a `message`, which is there in JSON, and no more */
};

ChannelsEvent *channels_event_new (void);

G_END_DECLS
