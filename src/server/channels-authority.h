/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CHANNELS_AUTHORITY_HOST_MAX 255 /* bytes */

/**
 * ChannelsAuthority:
 * @host: (not nullable): where the host begins, in the text that was parsed; not NUL-terminated
 * @host_length: bytes of it, brackets of an IPv6 address included
 * @port: 1 to 65535, or 0 where none was named
 *
 * `host` or `host:port`, as a Host field or an origin has it. A plain value that points into
 * the text it was parsed from.
 */
typedef struct
{
  const char *host; /* (unowned) */
  gsize host_length;
  guint16 port;
} ChannelsAuthority;

gboolean channels_authority_parse (const char *text, ChannelsAuthority *out_authority);

gboolean channels_port_parse (const char *text, guint16 *out_port);

G_END_DECLS
