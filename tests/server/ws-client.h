/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* First bytes of frames: RFC 6455, 5.2. */
#define WS_TEXT 0x81
#define WS_TEXT_FIRST 0x01
#define WS_BINARY 0x82
#define WS_BINARY_FIRST 0x02
#define WS_CONTINUATION 0x00
#define WS_CONTINUATION_LAST 0x80
#define WS_CLOSE 0x88
#define WS_PING 0x89
#define WS_PONG 0x8a

/**
 * WsClient:
 *
 * The browser's end of a connection, byte by byte: it knows HTTP and WebSocket just well enough to
 * break their rules. Whatever waits iterates the default main context, where the server's end lives
 * too.
 */
typedef struct
{
  int fd;               /* (owned): non-blocking */
  guint source;         /* what reads; 0 while it does not */
  GByteArray *received; /* (owned): what was read, and not expected yet */
  gboolean ended;       /* the other end has closed, or reset */
  gboolean reset;       /* it was a reset */
} WsClient;

WsClient *ws_client_new (int fd);

WsClient *ws_client_connect (guint16 port);

void ws_client_free (WsClient *self);

void ws_client_pause (WsClient *self);

void ws_client_resume (WsClient *self);

void ws_client_send (WsClient *self, gconstpointer data, gsize size);

void ws_client_send_string (WsClient *self, const char *text);

void ws_client_send_frame (WsClient *self, guint8 first, gconstpointer payload, gsize size);

void ws_client_send_text (WsClient *self, const char *text);

void ws_client_append_frame (GByteArray *out, guint8 first, gconstpointer payload, gsize size);

char *ws_client_take_head (WsClient *self);

GBytes *ws_client_take_frame (WsClient *self, guint8 *out_first);

void ws_client_expect_frame (WsClient *self, guint8 first, gconstpointer payload, gsize size);

void ws_client_expect_text (WsClient *self, const char *text);

void ws_client_expect_close (WsClient *self, guint16 code);

void ws_client_expect_end (WsClient *self);

void ws_client_expect_reset (WsClient *self);

void ws_client_send_close (WsClient *self, guint16 code);

void ws_pair_connect (int *out_ours, int *out_peers);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WsClient, ws_client_free)

G_END_DECLS
