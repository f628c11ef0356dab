/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-admission.h"
#include "channels-audiences.h"
#include "channels-http.h"
#include "channels-server.h"

G_BEGIN_DECLS

/* Sockets beyond those of connections: pages, which do not live long. */
#define TRANSIENTS_MAX 512

/* Sockets of those who are told why they are refused; past them they are told nothing. */
#define REFUSED_MAX 256

/* Between the connections of a server (channels-server.c) and its rules (channels-server-rules.c).
 */
struct _ChannelsServer
{
  GObject parent_instance;

  ChannelsHub *hub; /* (owned) */
  ChannelsLimits limits;
  ChannelsRouter *router;       /* (owned) */
  ChannelsPoller *poller;       /* (owned) */
  ChannelsHttp *http;           /* (owned) */
  ChannelsDoor *door;           /* (owned) */
  ChannelsAdmission admission;  /* who may join its group */
  ChannelsAudiences *audiences; /* (owned) */
  GHashTable *sockets;     /* (element-type ChannelsSocket utf8) (unowned) (owned): until they are
                            * closed, with the origin that they count for, or `NULL` */
  GHashTable *refused;     /* (element-type ChannelsSocket) (unowned) (owned): those of them that
                            * were refused */
  GHashTable *connections; /* (element-type ChannelsConnection) (owned) */
  struct
  {
    GTask *task; /* (owned) (nullable): while it stops */
    ChannelsDeadline deadline;
  } stop;
};

void channels_server_set_rules (ChannelsServer *self,
                                const ChannelsLimits *limits,
                                ChannelsRouter *router);

G_END_DECLS
