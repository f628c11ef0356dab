/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-guard.h"

#include "channels-authority.h"
#include "channels-error.h"
#include "channels-names.h"
#include "channels-secret.h"

#include <string.h>

#define HTTP_PORT 80
#define HTTPS_PORT 443

/* A list of what is allowed, never of what is not. Host keeps out pages whose own name was made to
 * resolve to this machine (DNS rebinding); Origin keeps out pages of other sites, which every
 * browser lets open a WebSocket to here (there is no same-origin rule for it). A request without
 * an Origin does not come from a page. */

/* What a Host may call us. An Origin may only say where we listen: who listens at the other
 * loopback address, with our port, is somebody else. */
static const char *const own_names[] = { "127.0.0.1", "localhost", "[::1]" };

/* The Origin of our own page. */
typedef struct
{
  char *origin; /* (owned) */
  guint16 port;
} OwnOrigin;

/* A Host that is allowed besides our own. */
typedef struct
{
  char *name;   /* (owned) */
  guint16 port; /* 0: none named, so our own or none */
} AllowedHost;

/* An Origin that is allowed besides our own. */
typedef struct
{
  char *origin; /* (owned) */
  gboolean any_port;
} AllowedOrigin;

struct _ChannelsGuard
{
  GPtrArray *own;     /* (element-type OwnOrigin) (owned) */
  GPtrArray *hosts;   /* (element-type AllowedHost) (owned) */
  GPtrArray *origins; /* (element-type AllowedOrigin) (owned) */
};

static void
own_origin_free (OwnOrigin *self)
{
  g_free (self->origin);
  g_free (self);
}

static void
allowed_host_free (AllowedHost *self)
{
  g_free (self->name);
  g_free (self);
}

static void
allowed_origin_free (AllowedOrigin *self)
{
  g_free (self->origin);
  g_free (self);
}

static gboolean
names_host (const ChannelsAuthority *authority, const char *name)
{
  return strlen (name) == authority->host_length &&
         g_ascii_strncasecmp (name, authority->host, authority->host_length) == 0;
}

/* The port that @authority means where it names none, or the one it names. */
static guint16
http_port (const ChannelsAuthority *authority)
{
  return authority->port != 0 ? authority->port : HTTP_PORT;
}

static gboolean
host_is_own (const ChannelsAuthority *authority, guint16 port)
{
  for (guint i = 0; i < G_N_ELEMENTS (own_names); i++)
    {
      if (names_host (authority, own_names[i]) && http_port (authority) == port)
        return TRUE;
    }

  return FALSE;
}

static gboolean
host_is_configured (ChannelsGuard *self, const ChannelsAuthority *authority, guint16 port)
{
  for (guint i = 0; i < self->hosts->len; i++)
    {
      const AllowedHost *allowed = g_ptr_array_index (self->hosts, i);

      if (!names_host (authority, allowed->name))
        continue;
      if (allowed->port != 0 ? http_port (authority) == allowed->port
                             : authority->port == 0 || authority->port == port)
        return TRUE;
    }

  return FALSE;
}

static gboolean
origin_is_configured (ChannelsGuard *self, const char *origin)
{
  for (guint i = 0; i < self->origins->len; i++)
    {
      const AllowedOrigin *allowed = g_ptr_array_index (self->origins, i);
      gsize length = strlen (allowed->origin);

      if (strcmp (origin, allowed->origin) == 0)
        return TRUE;

      /* What follows the host of an origin that is one is a port. */
      if (allowed->any_port && strncmp (origin, allowed->origin, length) == 0 &&
          origin[length] == ':')
        return TRUE;
    }

  return FALSE;
}

static void
add_own_name (ChannelsGuard *self, const char *name, guint16 port)
{
  OwnOrigin *own = g_new0 (OwnOrigin, 1);

  own->origin = port == HTTP_PORT ? g_strconcat ("http://", name, NULL)
                                  : g_strdup_printf ("http://%s:%u", name, port);
  own->port = port;
  g_ptr_array_add (self->own, own);
}

/* What follows @prefix in the first element of @list that begins with it and goes on. */
static char *
find_ticket (const char *list, char separator, const char *prefix)
{
  const char *element = list;

  while (element != NULL)
    {
      const char *end = strchrnul (element, separator);

      while (*element == ' ')
        element++;
      if (g_str_has_prefix (element, prefix) && (gsize) (end - element) > strlen (prefix))
        return g_strndup (element + strlen (prefix), end - element - strlen (prefix));

      element = *end != '\0' ? end + 1 : NULL;
    }

  return NULL;
}

static gboolean
origin_fail (GError **error, const char *origin, const char *why)
{
  g_autofree char *shown = g_strescape (origin, NULL);

  g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED,
               "origin “%.300s” is not scheme://host or scheme://host:port: %s", shown, why);
  return FALSE;
}

/* Bytes of the scheme at the start of @origin, as browsers write it; 0 if there is none. */
static gsize
scheme_length (const char *origin)
{
  gsize length = strspn (origin, "abcdefghijklmnopqrstuvwxyz0123456789+-.");

  return g_ascii_islower (origin[0]) && g_str_has_prefix (origin + length, "://") ? length : 0;
}

static gboolean
parse_origin (const char *origin, ChannelsAuthority *out_authority, GError **error)
{
  gsize scheme = scheme_length (origin);

  if (strlen (origin) > CHANNELS_ORIGIN_LENGTH_MAX)
    return origin_fail (error, origin, "it is longer than any request may have it");
  if (scheme == 0)
    return origin_fail (error, origin, "it has no scheme in lower case");
  if (g_str_has_prefix (origin, "file:"))
    return origin_fail (error, origin, "all files would share it");
  if (!channels_authority_parse (origin + scheme + strlen ("://"), out_authority))
    return origin_fail (error, origin, "the scheme must be followed by a host and no path");

  for (gsize i = 0; i < out_authority->host_length; i++)
    {
      if (g_ascii_isupper (out_authority->host[i]))
        return origin_fail (error, origin, "browsers write the host in lower case");
    }

  if ((out_authority->port == HTTP_PORT && g_str_has_prefix (origin, "http:")) ||
      (out_authority->port == HTTPS_PORT && g_str_has_prefix (origin, "https:")))
    return origin_fail (error, origin, "browsers leave out the scheme's own port");

  return TRUE;
}

/**
 * channels_origin_validate:
 * @origin: (not nullable): what may be an origin
 * @error: return location for a `GError`, or `NULL`
 *
 * Checks that @origin is an origin of the web exactly as a browser would send it (RFC 6454,
 * section 6.2): scheme, host, and the port unless it is the scheme's own; lower case, nothing
 * behind. `null` and `file://…` say nothing about who asks and are none.
 *
 * Fails with `CHANNELS_ERROR_NOT_ALLOWED`.
 *
 * Returns: `TRUE` if it is one, `FALSE` with @error set otherwise
 */
gboolean
channels_origin_validate (const char *origin, GError **error)
{
  ChannelsAuthority ignored;

  g_return_val_if_fail (origin != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return parse_origin (origin, &ignored, error);
}

/**
 * channels_guard_new:
 *
 * Returns: (transfer full): a guard that lets in requests to our own names, and no page
 */
ChannelsGuard *
channels_guard_new (void)
{
  ChannelsGuard *self = g_new0 (ChannelsGuard, 1);

  self->own = g_ptr_array_new_with_free_func ((GDestroyNotify) own_origin_free);
  self->hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) allowed_host_free);
  self->origins = g_ptr_array_new_with_free_func ((GDestroyNotify) allowed_origin_free);

  return self;
}

/**
 * channels_guard_free:
 * @self: (transfer full) (nullable): a guard
 */
void
channels_guard_free (ChannelsGuard *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->own);
  g_ptr_array_unref (self->hosts);
  g_ptr_array_unref (self->origins);
  g_free (self);
}

/**
 * channels_guard_add_own:
 * @self: a guard
 * @name: `127.0.0.1` or `[::1]`
 * @port: a port that is listened at there
 *
 * Knows the pages that come from there as our own, by this name and by `localhost`.
 */
void
channels_guard_add_own (ChannelsGuard *self, const char *name, guint16 port)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  add_own_name (self, name, port);
  add_own_name (self, "localhost", port);
}

/**
 * channels_guard_add_host:
 * @self: a guard
 * @host: `host` or `host:port`
 * @error: return location for a `GError`, or `NULL`
 *
 * Allows requests to a further host. Without a port it may be asked for with our own port, and,
 * as through a proxy, with none.
 *
 * Fails with `CHANNELS_ERROR_NOT_ALLOWED`, having added nothing, if @host is not of that form.
 *
 * Returns: `TRUE` if it is allowed now, `FALSE` with @error set otherwise
 */
gboolean
channels_guard_add_host (ChannelsGuard *self, const char *host, GError **error)
{
  ChannelsAuthority authority;
  AllowedHost *allowed;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (host != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!channels_authority_parse (host, &authority))
    {
      g_autofree char *shown = g_strescape (host, NULL);

      g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED,
                   "host “%.300s” is not host or host:port", shown);
      return FALSE;
    }

  allowed = g_new0 (AllowedHost, 1);
  allowed->name = g_strndup (authority.host, authority.host_length);
  allowed->port = authority.port;
  g_ptr_array_add (self->hosts, allowed);

  return TRUE;
}

/**
 * channels_guard_add_origin:
 * @self: a guard
 * @origin: `scheme://host`, `scheme://host:port`, or `scheme://host:*` for every port
 * @error: return location for a `GError`, or `NULL`
 *
 * Allows the pages of a further origin. But for the `*`, it must be written as browsers send it:
 * see channels_origin_validate().
 *
 * Fails with `CHANNELS_ERROR_NOT_ALLOWED`, having added nothing, if it is not.
 *
 * Returns: `TRUE` if it is allowed now, `FALSE` with @error set otherwise
 */
gboolean
channels_guard_add_origin (ChannelsGuard *self, const char *origin, GError **error)
{
  g_autofree char *text = g_strdup (origin);
  ChannelsAuthority authority;
  AllowedOrigin *allowed;
  gboolean any_port;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (origin != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  any_port = g_str_has_suffix (origin, ":*");
  if (any_port)
    text[strlen (text) - strlen (":*")] = '\0';

  if (!parse_origin (text, &authority, error))
    return FALSE;
  if (any_port && authority.port != 0)
    return origin_fail (error, origin, "it has two ports");

  allowed = g_new0 (AllowedOrigin, 1);
  allowed->origin = g_steal_pointer (&text);
  allowed->any_port = any_port;
  g_ptr_array_add (self->origins, allowed);

  return TRUE;
}

/**
 * channels_guard_check_host:
 * @self: a guard
 * @head: a request's head
 * @port: the port that it came in by
 * @error: return location for a `GError`, or `NULL`
 *
 * Checks that the request is for us: for one of our names at @port, or for a host that was added.
 * Letter case does not matter; a Host without a port means port 80.
 *
 * Fails with 421 in the domain `CHANNELS_HTTP_ERROR`.
 *
 * Returns: `TRUE` if it is, `FALSE` with @error set otherwise
 */
gboolean
channels_guard_check_host (ChannelsGuard *self,
                           const ChannelsRequestHead *head,
                           guint16 port,
                           GError **error)
{
  ChannelsAuthority authority;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (head != NULL && head->host != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (channels_authority_parse (head->host, &authority) &&
      (host_is_own (&authority, port) || host_is_configured (self, &authority, port)))
    return TRUE;

  g_set_error_literal (error, CHANNELS_HTTP_ERROR, 421,
                       "this server does not answer to the name in the request's Host");
  return FALSE;
}

/**
 * channels_guard_is_own_origin:
 * @self: a guard
 * @origin: (not nullable): what a browser sent as Origin
 * @port: the port that it came in by
 *
 * Returns: `TRUE` if it is that of our own page, by a name that was given to
 *   channels_guard_add_own() with @port
 */
gboolean
channels_guard_is_own_origin (ChannelsGuard *self, const char *origin, guint16 port)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (origin != NULL, FALSE);

  for (guint i = 0; i < self->own->len; i++)
    {
      const OwnOrigin *own = g_ptr_array_index (self->own, i);

      if (own->port == port && strcmp (origin, own->origin) == 0)
        return TRUE;
    }

  return FALSE;
}

/**
 * channels_guard_allows_origin:
 * @self: a guard
 * @origin: (not nullable): what a browser sent as Origin
 * @port: the port that it came in by
 *
 * Returns: `TRUE` if pages of @origin need no ticket: it is one of ours, or one that was added
 */
gboolean
channels_guard_allows_origin (ChannelsGuard *self, const char *origin, guint16 port)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (origin != NULL, FALSE);

  return channels_origin_validate (origin, NULL) &&
         (channels_guard_is_own_origin (self, origin, port) || origin_is_configured (self, origin));
}

/**
 * channels_guard_is_stranger:
 * @self: a guard
 * @head: a request's head
 * @port: the port that it came in by
 *
 * Returns: `TRUE` if the request comes from a page of an origin that is not allowed as such
 */
gboolean
channels_guard_is_stranger (ChannelsGuard *self, const ChannelsRequestHead *head, guint16 port)
{
  g_return_val_if_fail (self != NULL, TRUE);
  g_return_val_if_fail (head != NULL, TRUE);

  return head->origin != NULL && !channels_guard_allows_origin (self, head->origin, port);
}

/**
 * channels_guard_admit:
 * @self: a guard
 * @head: a request's head
 * @port: the port that it came in by
 * @error: return location for a `GError`, or `NULL`
 *
 * Decides, before anything is routed, whether a request may come further: Host first, then
 * Origin. A page of an origin that is not allowed may ask for a WebSocket if it shows a ticket,
 * which is still to be spent once the group is known (channels_tickets_spend()), and for nothing
 * else.
 *
 * Fails in the domain `CHANNELS_HTTP_ERROR` with 421 (Host) or 403 (Origin).
 *
 * Returns: `TRUE` if it may, `FALSE` with @error set otherwise
 */
gboolean
channels_guard_admit (ChannelsGuard *self,
                      const ChannelsRequestHead *head,
                      guint16 port,
                      GError **error)
{
  if (!channels_guard_check_host (self, head, port, error))
    return FALSE;

  if (channels_guard_is_stranger (self, head, port))
    {
      g_autoptr (ChannelsSecret) ticket =
          head->key != NULL ? channels_guard_take_ticket (head) : NULL;

      if (ticket == NULL)
        {
          g_set_error_literal (error, CHANNELS_HTTP_ERROR, 403,
                               "this page's origin may not connect here without a ticket");
          return FALSE;
        }
    }

  return TRUE;
}

/**
 * channels_guard_take_ticket:
 * @head: a request's head
 *
 * Looks for a ticket: the first that is offered as subprotocol `channels.ticket.T`, else the first
 * `ticket=T` of the query. It is given back as it came: whether it is one, the tickets know.
 *
 * A browser gives up on a server that chooses none of its subprotocols, so `channels.v1` has to be
 * offered too.
 *
 * Returns: (transfer full) (nullable): the ticket, to be wiped after use, or `NULL`
 */
char *
channels_guard_take_ticket (const ChannelsRequestHead *head)
{
  char *ticket;

  g_return_val_if_fail (head != NULL, NULL);

  ticket = find_ticket (head->protocols, ',', CHANNELS_TICKET_SUBPROTOCOL_PREFIX);

  return ticket != NULL ? ticket : find_ticket (head->query, '&', CHANNELS_TICKET_QUERY_PREFIX);
}
