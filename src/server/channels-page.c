/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-page.h"

#include "channels-page-resources.h"

#define RESOURCE_PREFIX "/org/example/Channels/page"

typedef struct
{
  const char *path;
  const char *resource; /* (nullable): below RESOURCE_PREFIX; NULL: the answer stands here */
  const char *content_type;
} Page;

/* All that is served: a table, no file system. */
static const Page pages[] = {
  { "/", "/index.html", "text/html; charset=utf-8" },
  { "/channels.js", "/channels.js", "text/javascript; charset=utf-8" },
  { "/page.js", "/page.js", "text/javascript; charset=utf-8" },
  { "/page.css", "/page.css", "text/css; charset=utf-8" },
  { "/translations.js", "/translations.js", "text/javascript; charset=utf-8" },
  { "/icon.svg", "/icon.svg", "image/svg+xml" },
  { "/health", NULL, "application/json" },
};

/**
 * channels_page_find:
 * @path: the path of a request
 * @out_content_type: (out) (transfer none): what to call it
 *
 * Looks up what is served at a path.
 *
 * Returns: (transfer full) (nullable): the body, or `NULL` if nothing is
 */
GBytes *
channels_page_find (const char *path, const char **out_content_type)
{
  static const char alive[] = "{\"status\":\"ok\"}";

  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      g_autofree char *resource = NULL;

      if (!g_str_equal (path, pages[i].path))
        continue;

      *out_content_type = pages[i].content_type;
      if (pages[i].resource == NULL)
        return g_bytes_new_static (alive, strlen (alive));

      resource = g_strconcat (RESOURCE_PREFIX, pages[i].resource, NULL);
      return g_resource_lookup_data (channels_page_get_resource (), resource,
                                     G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    }

  return NULL;
}
