/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "channels-hub.h"
#include "channels-limits.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_BUS_SERVICE (channels_bus_service_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsBusService, channels_bus_service, CHANNELS, BUS_SERVICE, GObject)

/**
 * ChannelsTicketMinter:
 * @owner: who asks: a unique name on the bus
 * @groups: (array zero-terminated=1): groups, empty for all
 * @origin: a web origin
 * @seconds: how long it lives
 * @out_url: (out) (transfer full): where to go with it
 * @user_data: (closure): what was given with the function
 * @error: return location for a `GError`
 *
 * Mints a ticket: the bus knows no server, so whoever built both hands this in.
 *
 * Returns: (transfer full): the ticket, or `NULL` with @error set
 */
typedef char *(*ChannelsTicketMinter) (const char *owner,
                                       const char *const *groups,
                                       const char *origin,
                                       guint seconds,
                                       char **out_url,
                                       gpointer user_data,
                                       GError **error);

/**
 * ChannelsReloadFunc:
 * @invocation: (transfer full): a call of Reload, which is answered
 * @user_data: (closure): what was given with the function
 *
 * Reads the configuration anew: the bus knows none, so whoever has it hands this in.
 */
typedef void (*ChannelsReloadFunc) (GDBusMethodInvocation *invocation, gpointer user_data);

ChannelsBusService *channels_bus_service_new (ChannelsHub *hub, const ChannelsLimits *limits);

void channels_bus_service_set_ticket_minter (ChannelsBusService *self,
                                             ChannelsTicketMinter minter,
                                             gpointer user_data);

void channels_bus_service_set_reload_func (ChannelsBusService *self,
                                           ChannelsReloadFunc reload,
                                           gpointer user_data);

void channels_bus_service_set_limits (ChannelsBusService *self, const ChannelsLimits *limits);

void channels_bus_service_take_layer (ChannelsBusService *self);

gint64 channels_bus_service_get_last_used (ChannelsBusService *self);

void channels_bus_service_refuse (ChannelsBusService *self, const GError *error);

void channels_bus_service_set_urls (ChannelsBusService *self,
                                    const char *url,
                                    const char *websocket_url);

void channels_bus_service_set_connections (ChannelsBusService *self, guint connections);

gboolean
channels_bus_service_export (ChannelsBusService *self, GDBusConnection *connection, GError **error);

void channels_bus_service_unexport (ChannelsBusService *self);

G_END_DECLS
