{# How long a source may take to connect, to give up a lock that is in the way, and to answer. What takes longer fails by itself
   instead of holding up the run. In milliseconds, as Postgres takes them. #}
{% macro postgres_limits() -%}
    {{ return({'connect_timeout': 15, 'lock_timeout': 20000, 'statement_timeout': 600000}) }}
{%- endmacro %}

{# Rows of a query on the source, which it calls `instituto`. A Postgres server is attached read-only, in the landing model that
   reads it: one that is down fails those alone. A DuckDB file can hold views with any SQL: it is never attached to the warehouse,
   but to a box (flows/dbt/box.py). #}
{% macro ask_database(query) -%}
    {%- if source_kind() == 'duckdb' -%}
        {{ return(fromjson(run_query("select aforo_ask(" ~ quoted(source_address()) ~ ", " ~ quoted(query) ~ ")").rows[0][0])) }}
    {%- endif -%}
    {%- do load_extension('postgres_scanner') -%}
    {%- do run_query("select aforo_attach(" ~ quoted(postgres_url()) ~ ")") -%}
    {{ return(run_query(query).rows) }}
{%- endmacro %}

{# AFORO_SOURCE without our own parameter `schema`, with the limits. A password must come by the environment: in the URL,
   dbt's logs would show it. #}
{% macro postgres_url() -%}
    {%- set limits = postgres_limits() -%}
    {%- set address, _, query = source_address().partition('?') -%}
    {%- if modules.re.search('^[a-z]+://[^/@]*:[^/@]+@', address) or modules.re.search('(^|&)password=', query) -%}
        {{ stop("The source's URL holds a password. Take it out, and set it as PGPASSWORD or in ~/.pgpass: dbt's logs would show it.") }}
    {%- endif -%}
    {%- set kept = [] -%}
    {%- set asked = namespace(options='') -%}
    {%- for part in query.split('&') if part -%}
        {%- if part.startswith('options=') -%}
            {%- set asked.options = part[8:] ~ '%20' -%}
        {%- elif not part.startswith('schema=') -%}
            {%- do kept.append(part) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if 'connect_timeout=' not in query -%}
        {%- do kept.append('connect_timeout=' ~ limits.connect_timeout) -%}
    {%- endif -%}
    {# What is asked for comes last, and wins. #}
    {%- do kept.append('options=-c%20lock_timeout%3D' ~ limits.lock_timeout ~ '%20-c%20statement_timeout%3D'
        ~ limits.statement_timeout ~ ('%20' ~ asked.options if asked.options else '')) -%}
    {{ return(address ~ '?' ~ kept | join('&')) }}
{%- endmacro %}

{# The schema that the URL asks for with `schema=`. #}
{% macro asked_schema() -%}
    {%- set found = modules.re.search('[?&]schema=([^&]+)', source_address()) -%}
    {{ return(found.group(1) if found else none) }}
{%- endmacro %}


{# What to select for a table of a database, or none where it is not there: {sql, readings}. A mapping names its own table,
   or reads from `instituto` by itself. #}
{% macro database_plan(tabla, mapping) -%}
    {%- set name = mapping.options.get('table', tabla) -%}
    {%- set relation = database_relation(name) -%}
    {%- if relation is none and 'table' in mapping.options -%}
        {{ stop("Mapping file " ~ mapping.file ~ ": the source has no table " ~ name ~ ". Correct the line '-- table:'.") }}
    {%- endif -%}
    {%- if relation is none -%}
        {{ return(plan_without_entrega(tabla, mapping, "-- table: schema.name")) }}
    {%- endif -%}
    {{ return({
        'sql': "(select " ~ sin_procedencia() ~ ", " ~ quoted(relation) ~ " as archivo, row_number() over () as fila from instituto." ~ relation ~ ")",
        'readings': [{'archivo': relation, 'formato': source_kind()}],
    }) }}
{%- endmacro %}

{# schema.table, quoted where need be: as named; else in the schema of the URL; else in `main` or `public`; else in the only
   schema that has it. #}
{% macro database_relation(name) -%}
    {%- set schema, _, table = name.rpartition('.') -%}
    {%- set schema = schema or asked_schema() -%}
    {%- set found = ask_database(
        "select schema_name, name from ("
        ~ "select database_name, schema_name, table_name as name from duckdb_tables() "
        ~ "union all select database_name, schema_name, view_name from duckdb_views() where not internal"
        ~ ") where database_name = 'instituto' and lower(name) = " ~ quoted(table | lower)
        ~ " and " ~ ("lower(schema_name) = " ~ quoted(schema | lower) if schema else "schema_name not in ('information_schema', 'pg_catalog')")
        ~ " order by schema_name not in ('main', 'public'), name <> " ~ quoted(table) ~ ", schema_name"
    ) -%}
    {%- if not found -%}{{ return(none) }}{%- endif -%}
    {%- if found | length > 1 and found[0][0] not in ('main', 'public') and found[0][0] != found[1][0] -%}
        {{ stop("Table " ~ name ~ " is there in the schemas " ~ found | map('first') | join(', ')
            ~ ". Say which one counts: ?schema=… in a Postgres URL, or '-- table: schema.name' in a mapping.") }}
    {%- endif -%}
    {{ return(identifier(found[0][0]) ~ '.' ~ identifier(found[0][1])) }}
{%- endmacro %}
