/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-layer.h"
#include "channels-member.h"

G_BEGIN_DECLS

/* A layer that does as it is told. */
#define FAKE_TYPE_LAYER (fake_layer_get_type ())
G_DECLARE_FINAL_TYPE (FakeLayer, fake_layer, FAKE, LAYER, GObject)

struct _FakeLayer
{
  GObject parent_instance;

  ChannelsLayerState state;
  guint remotes; /* what each send reports */
  int error;     /* the #ChannelsError each send fails with, or -1 */
  guint joins;
  guint leaves;
};

FakeLayer *fake_layer_new (void);

void fake_layer_set_state (FakeLayer *self, ChannelsLayerState state);

/* A WebSocket that remembers what happened to it. */
#define FAKE_TYPE_MEMBER (fake_member_get_type ())
G_DECLARE_FINAL_TYPE (FakeMember, fake_member, FAKE, MEMBER, GObject)

struct _FakeMember
{
  GObject parent_instance;

  char *channel;     /* (owned) (nullable): what it is listed as */
  GPtrArray *events; /* (element-type ChannelsEvent) (owned) */
  guint16 code;      /* of the last disconnect, or 0 */
  char *reason;      /* (owned) (nullable): likewise */
  gboolean busy;     /* whether it is not ready for more */
  GPtrArray *asking; /* (element-type gpointer) (unowned): who asked when it is */
  ChannelsMemberReadyFunc ready;
};

#define FAKE_MEMBER_JOINED 1234567

FakeMember *fake_member_new (void);

/* It is ready for more. */
void fake_member_be_ready (FakeMember *self);

/* The event of @index, as the bus would show it: (transfer none). */
GVariant *fake_member_get_event (FakeMember *self, guint index);

G_END_DECLS
