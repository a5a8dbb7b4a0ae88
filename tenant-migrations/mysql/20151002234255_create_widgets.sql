-- Up Migration
create table widgets (
  id bigint auto_increment primary key,
  name varchar(255) not null,
  widget_type_id bigint,
  inserted_at datetime(6) not null default (utc_timestamp(6)),
  updated_at datetime(6) not null default (utc_timestamp(6)),
  index widgets_name_index (name),
  index widgets_widget_type_id_index (widget_type_id),
  constraint widgets_widget_type_id_fkey foreign key (widget_type_id) references widget_types (id)
);

-- Down Migration
drop table widgets;
