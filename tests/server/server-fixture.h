/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-server.h"
#include "channels-test-wait.h"
#include "ws-client.h"

G_BEGIN_DECLS

/* The fields of an upgrade, with the key of RFC 6455, 1.3. */
#define SERVER_FIXTURE_UPGRADE                                                                     \
  "Connection: Upgrade\r\n"                                                                        \
  "Upgrade: websocket\r\n"                                                                         \
  "Sec-WebSocket-Version: 13\r\n"                                                                  \
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

/**
 * ServerFixtureSetup:
 * @change_limits: sets other limits than the defaults
 *
 * What a test may have other than usual; the @data of its registration.
 */
typedef struct
{
  void (*change_limits) (ChannelsLimits *limits);
} ServerFixtureSetup;

/**
 * ServerFixture:
 *
 * A whole server that listens at a free port of 127.0.0.1, in the test's own process.
 */
typedef struct
{
  ChannelsLimits limits;
  ChannelsRouter *router; /* (owned) */
  ChannelsLayer *layer;   /* (owned) */
  ChannelsHub *hub;       /* (owned) */
  ChannelsServer *server; /* (owned) */
  guint16 port;
  guint stopped; /* how often a stop has ended */
} ServerFixture;

typedef void (*ServerFixtureFunc) (ServerFixture *fixture, gconstpointer data);

void
server_fixture_add_test (const char *path, const ServerFixtureSetup *setup, ServerFixtureFunc test);

void server_fixture_replace (ServerFixture *fixture);

WsClient *server_fixture_connect (ServerFixture *fixture);

void server_fixture_request (ServerFixture *fixture,
                             WsClient *client,
                             const char *start,
                             const char *fields);

void server_fixture_expect_status (ServerFixture *fixture,
                                   const char *start,
                                   const char *fields,
                                   int status);

WsClient *server_fixture_enter (ServerFixture *fixture, const char *path);

void server_fixture_begin_stop (ServerFixture *fixture);

void server_fixture_expect_stopped (ServerFixture *fixture);

G_END_DECLS
