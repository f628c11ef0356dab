/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _ChannelsBusCalls ChannelsBusCalls;

/**
 * ChannelsBusStep:
 * @user_data: what channels_bus_calls_run() was given
 *
 * A part of what a call asks for, that takes well under a millisecond.
 *
 * Returns: whether there is more to do
 */
typedef gboolean (*ChannelsBusStep) (gpointer user_data);

ChannelsBusCalls *channels_bus_calls_new (guint waiting_max);

void channels_bus_calls_unref (ChannelsBusCalls *self);

gboolean channels_bus_calls_add (ChannelsBusCalls *self, GDBusMethodInvocation *invocation);

void channels_bus_calls_run (ChannelsBusCalls *self,
                             const char *name,
                             ChannelsBusStep step,
                             gpointer user_data);

void channels_bus_calls_finish (ChannelsBusCalls *self);

void channels_bus_calls_refuse (ChannelsBusCalls *self, const GError *error);

void channels_bus_calls_touch (ChannelsBusCalls *self);

gint64 channels_bus_calls_get_last (ChannelsBusCalls *self);

G_END_DECLS
