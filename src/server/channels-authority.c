/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-authority.h"

#include <arpa/inet.h>
#include <string.h>

/* The host in brackets at the start of @text: 0 bytes if there is none. */
static gsize
bracketed_length (const char *text)
{
  const char *end = strchr (text, ']');
  char address[INET6_ADDRSTRLEN];
  struct in6_addr ignored;
  gsize length;

  if (text[0] != '[' || end == NULL)
    return 0;

  length = end - text - 1;
  if (length >= sizeof address)
    return 0;

  memcpy (address, text + 1, length);
  address[length] = '\0';

  return inet_pton (AF_INET6, address, &ignored) == 1 ? length + 2 : 0;
}

static gsize
name_length (const char *text)
{
  gsize length = 0;

  while (g_ascii_isalnum (text[length]) ||
         (text[length] != '\0' && strchr ("._-", text[length]) != NULL))
    length++;

  return length;
}

/**
 * channels_port_parse:
 * @text: digits
 * @out_port: (out): the port
 *
 * Reads a port strictly: 1 to 65535, no sign, no space, no leading zero.
 *
 * Returns: `TRUE` if @text is a port
 */
gboolean
channels_port_parse (const char *text, guint16 *out_port)
{
  gsize length;
  guint port = 0;

  g_return_val_if_fail (text != NULL, FALSE);
  g_return_val_if_fail (out_port != NULL, FALSE);

  length = strspn (text, "0123456789");
  if (length == 0 || length > 5 || text[length] != '\0' || text[0] == '0')
    return FALSE;

  for (gsize i = 0; i < length; i++)
    port = port * 10 + (guint) (text[i] - '0');
  if (port > G_MAXUINT16)
    return FALSE;

  *out_port = (guint16) port;
  return TRUE;
}

/**
 * channels_authority_parse:
 * @text: `host` or `host:port`
 * @out_authority: (out caller-allocates): its parts, valid for as long as @text is
 *
 * Reads a host, and perhaps a port, strictly.
 *
 * A host is 1 to 255 letters, digits, `-`, `_` and `.`, or an IPv6 address in brackets. There is
 * no user, no percent-encoding and no empty port: no address that a browser puts into a Host or
 * Origin field needs them, and each has been a way around a list of hosts.
 *
 * Returns: `TRUE` if @text is nothing else than that
 */
gboolean
channels_authority_parse (const char *text, ChannelsAuthority *out_authority)
{
  gsize host_length;
  guint16 port = 0;

  g_return_val_if_fail (text != NULL, FALSE);
  g_return_val_if_fail (out_authority != NULL, FALSE);

  host_length = text[0] == '[' ? bracketed_length (text) : name_length (text);
  if (host_length == 0 || host_length > CHANNELS_AUTHORITY_HOST_MAX)
    return FALSE;

  if (text[host_length] != '\0' &&
      (text[host_length] != ':' || !channels_port_parse (text + host_length + 1, &port)))
    return FALSE;

  out_authority->host = text;
  out_authority->host_length = host_length;
  out_authority->port = port;

  return TRUE;
}
