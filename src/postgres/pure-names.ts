/** Words that may stand before a parenthesis without being a call. */
const KEYWORDS =
  'all and any array as asc between by case cast check cross cube default desc distinct each else end escape except exists ' +
  'explain filter for from full grouping having ilike in inner intersect interval is isnull join key lateral left like ' +
  'limit materialized natural not notnull null nulls of offset on only or order outer over overlaps partition range ' +
  'recursive returning right rollup row rows select sets set similar some symmetric table tablesample then to union unique ' +
  'using values when where window with within analyze verbose costs buffers format'

/** Type names that take arguments. */
const TYPES =
  'bit char character decimal float numeric time timestamp timestamptz timetz varbit varchar varying'

/**
 * Built-in functions that leave nothing behind on the connection (PostgreSQL manual, chapter "Functions and
 * Operators"). Not in it, on purpose: set_config, nextval, setval, pg_advisory_*, lo_*, dblink*, query_to_xml, and
 * everything else that this list does not name.
 */
const FUNCTIONS =
  'abs acos age array_agg array_append array_cat array_dims array_length array_lower array_ndims array_position ' +
  'array_positions array_prepend array_remove array_replace array_to_json array_to_string array_upper ascii asin atan ' +
  'atan2 avg bit_and bit_length bit_or bool_and bool_or btrim cardinality cbrt ceil ceiling char_length ' +
  'character_length chr clock_timestamp coalesce concat concat_ws corr cos count cume_dist current_database ' +
  'current_schema current_schemas current_setting current_user date date_bin date_part date_trunc decode degrees ' +
  'dense_rank div encode every exp extract factorial first_value floor gcd gen_random_uuid generate_series ' +
  'generate_subscripts greatest initcap int4range int8range isfinite json_agg json_array_elements ' +
  'json_array_elements_text json_array_length json_build_array json_build_object json_each json_each_text ' +
  'json_extract_path json_extract_path_text json_object json_object_agg json_object_keys json_strip_nulls ' +
  'jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object ' +
  'jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_agg ' +
  'jsonb_object_keys jsonb_path_exists jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_pretty ' +
  'jsonb_set jsonb_strip_nulls jsonb_typeof json_typeof justify_days justify_hours justify_interval lag last_value lcm ' +
  'lead least length ln log lower lower_inc lpad ltrim make_date make_interval make_time make_timestamp ' +
  'make_timestamptz max md5 min mod mode now nth_value ntile nullif num_nonnulls num_nulls numrange octet_length ' +
  'overlay percent_rank percentile_cont percentile_disc pg_backend_pid pg_sleep pg_typeof phraseto_tsquery pi ' +
  'plainto_tsquery position power quote_ident quote_literal quote_nullable radians random rank regexp_count ' +
  'regexp_instr regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table ' +
  'regexp_substr repeat replace reverse round row_number row_to_json rpad rtrim scale session_user sha256 sha512 sign sin ' +
  'split_part sqrt starts_with statement_timestamp stddev stddev_pop stddev_samp string_agg string_to_array ' +
  'string_to_table strpos substr substring sum tan to_char to_date to_hex to_json to_jsonb to_number to_timestamp ' +
  'to_tsquery to_tsvector transaction_timestamp translate trim trim_array trunc ts_headline ts_rank ts_rank_cd tsrange ' +
  'tstzrange daterange unnest upper upper_inc var_pop var_samp variance version websearch_to_tsquery width_bucket'

/** Names before a parenthesis that leave nothing behind on a connection. */
export const PURE_NAMES: ReadonlySet<string> = new Set(`${KEYWORDS} ${TYPES} ${FUNCTIONS}`.split(' '))
