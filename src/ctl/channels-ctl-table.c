/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-table.h"

#include "channels-ctl-text.h"

#define GAP 2 /* columns of the terminal between two of ours */

/**
 * ChannelsCtlTable:
 *
 * Text in aligned columns. The first row may well be titles: it is a row like any other.
 */
struct _ChannelsCtlTable
{
  const ChannelsCtlAlign *columns; /* (unowned) one a column */
  guint n_columns;
  GPtrArray *cells; /* (owned) (element-type utf8) escaped, row after row */
};

/**
 * channels_ctl_table_new:
 * @columns: (array length=n_columns): how each column is aligned; must outlive the table
 * @n_columns: how many there are, > 0
 *
 * Returns: (transfer full): a table without rows
 */
ChannelsCtlTable *
channels_ctl_table_new (const ChannelsCtlAlign *columns, guint n_columns)
{
  ChannelsCtlTable *self;

  g_return_val_if_fail (columns != NULL && n_columns > 0, NULL);

  self = g_new0 (ChannelsCtlTable, 1);
  self->columns = columns;
  self->n_columns = n_columns;
  self->cells = g_ptr_array_new_with_free_func (g_free);

  return self;
}

/**
 * channels_ctl_table_free:
 * @self: (transfer full): a table
 */
void
channels_ctl_table_free (ChannelsCtlTable *self)
{
  g_ptr_array_unref (self->cells);
  g_free (self);
}

/**
 * channels_ctl_table_add_row:
 * @self: a table
 * @cells: as many texts as the table has columns; control characters are shown escaped
 */
void
channels_ctl_table_add_row (ChannelsCtlTable *self, const char *const *cells)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (cells != NULL);

  for (guint i = 0; i < self->n_columns; i++)
    g_ptr_array_add (self->cells, channels_ctl_text_escape (cells[i]));
}

static void
append_spaces (GString *text, guint count)
{
  g_string_append_printf (text, "%*s", (int) count, "");
}

static void
append_cell (ChannelsCtlTable *self, GString *text, guint index, const guint *widths)
{
  const char *cell = g_ptr_array_index (self->cells, index);
  guint column = index % self->n_columns;
  guint padding = widths[column] - channels_ctl_text_get_width (cell);
  gboolean last = column == self->n_columns - 1;

  if (self->columns[column] == CHANNELS_CTL_ALIGN_RIGHT)
    append_spaces (text, padding);
  g_string_append (text, cell);
  if (self->columns[column] == CHANNELS_CTL_ALIGN_LEFT && !last)
    append_spaces (text, padding);

  if (last)
    g_string_append_c (text, '\n');
  else
    append_spaces (text, GAP);
}

/**
 * channels_ctl_table_to_text:
 * @self: a table
 *
 * Returns: (transfer full): its rows, each a line, as wide as the widest cells need
 */
char *
channels_ctl_table_to_text (ChannelsCtlTable *self)
{
  GString *text = g_string_new (NULL);
  g_autofree guint *widths = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  widths = g_new0 (guint, self->n_columns);
  for (guint i = 0; i < self->cells->len; i++)
    {
      guint width = channels_ctl_text_get_width (g_ptr_array_index (self->cells, i));
      guint *widest = &widths[i % self->n_columns];

      *widest = MAX (*widest, width);
    }

  for (guint i = 0; i < self->cells->len; i++)
    append_cell (self, text, i, widths);

  return g_string_free (text, FALSE);
}
