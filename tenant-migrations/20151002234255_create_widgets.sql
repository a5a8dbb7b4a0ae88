-- Up Migration
create table widgets (
  id bigint generated always as identity primary key,
  name varchar(255) not null,
  widget_type_id bigint references widget_types (id),
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index widgets_name_index on widgets (name);
create index widgets_widget_type_id_index on widgets (widget_type_id);

-- Down Migration
drop table widgets;
