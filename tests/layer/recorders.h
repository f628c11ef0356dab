/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-layer.h"
#include "channels-member.h"

G_BEGIN_DECLS

/* A layer, and members, that write what they are told into one journal, a line each: so a test sees
 * who was told what, and in which order. */

#define RECORDING_TYPE_LAYER (recording_layer_get_type ())
G_DECLARE_FINAL_TYPE (RecordingLayer, recording_layer, RECORDING, LAYER, GObject)

struct _RecordingLayer
{
  GObject parent_instance;

  GString *journal; /* (unowned) */
  guint remotes;    /* what each send reports */
  int error;        /* the #ChannelsError each send fails with, or -1 */
};

ChannelsLayer *recording_layer_new (GString *journal);

#define RECORDING_TYPE_MEMBER (recording_member_get_type ())
G_DECLARE_FINAL_TYPE (RecordingMember, recording_member, RECORDING, MEMBER, GObject)

struct _RecordingMember
{
  GObject parent_instance;

  GString *journal; /* (unowned) */
  char *name;       /* (owned): in the journal, and as its channel in lists */
  guint size;       /* how many channels it says it has, each of which takes every event */
  gboolean stays;   /* it cannot be disconnected */
  gboolean busy;    /* it is not ready for more, until recording_member_become_ready() */
  ChannelsMemberReadyFunc ready; /* (nullable): who waits for that */
  gpointer ready_data;           /* (unowned) */
};

RecordingMember *recording_member_new (GString *journal, const char *name);

void recording_member_become_ready (RecordingMember *self);

G_END_DECLS
