{# The vacuum of the history (`aforo vacuum`, flows/commands/vacuum.py): an operation, in one transaction.

   A version of a row goes that had ended at the cut, the last capture known `dias` days ago, and was in effect at none of
   the moments that the published forecasts were made from; every current row stays. Moments count as they do in the raw
   layer (macros/raw_as_of.sql): a run that had begun to capture counts whole.

   dias: days of history that stay whole. historias: the files of AFORO_HOME/history. #}
{% macro vacuum(dias, historias) -%}
    {%- set tablas = run_query(
        "select table_name from duckdb_tables() where database_name = current_database() and schema_name = 'snapshots' order by table_name"
    ).columns[0].values() -%}
    {%- set retiradas = run_query(
        "select count(*) from duckdb_tables()
        where database_name = current_database() and schema_name = 'landing' and table_name = 'columnas_retiradas'"
    ).columns[0].values()[0] -%}
    {%- do run_query(create_vacuum_log()) -%}
    {%- call statement('vacuum', auto_begin=false) -%}
begin;
create or replace temp table vaciado as
with
capturas as (
    select min(capturada_en) as desde, max(capturada_en) as hasta, run_id from landing.capturas group by run_id
),
{# A published run was made from the moment that it rebuilt, else its own captures, else those before it began. #}
publicaciones as (
    select coalesce(p.as_of, c.desde, strptime(split_part(p.run_id, '-', 1), '%Y%m%dT%H%M%SZ') + interval 1 second) as momento
    from (
        {%- if historias %}
        select distinct run_id, as_of
        from read_parquet(['{{ historias | map('replace', "'", "''") | join("', '") }}'], union_by_name = true)
        {%- else %}
        select null::varchar as run_id, null::timestamp as as_of where false
        {%- endif %}
    ) as p
    left join capturas as c on p.run_id = c.run_id
),
usados as (
    select distinct max(c.hasta) as momento
    from publicaciones as p
    inner join capturas as c on p.momento >= c.desde
    group by p.momento
)
select
    current_timestamp at time zone 'UTC' as vaciado_en,
    (
        select max(c.hasta) from capturas as c
        where c.desde <= current_timestamp at time zone 'UTC' - to_days({{ dias | int }})
    ) as corte,
    coalesce((select list(u.momento order by u.momento) from usados as u), []) as momentos;

create or replace temp table antes as
    {%- for tabla in tablas %}
select '{{ tabla }}' as tabla, count(*) as filas from snapshots.{{ adapter.quote(tabla) }}
    {{- ' union all' if not loop.last else ';' }}
    {%- endfor %}
    {%- for tabla in tablas %}
delete from snapshots.{{ adapter.quote(tabla) }}
where
    dbt_valid_to <= (select v.corte from vaciado as v)
    and not exists (
        select 1 from (select unnest(v.momentos) as momento from vaciado as v) as m
        where dbt_valid_from <= m.momento and dbt_valid_to > m.momento
    );
        {%- if retiradas %}
{# What the contract no longer has of a version goes with it (flows/home/upgrade.py). #}
delete from landing.columnas_retiradas as r
where r.tabla = '{{ tabla }}' and not exists (
    select 1 from snapshots.{{ adapter.quote(tabla) }} as s where s.dbt_scd_id = r.dbt_scd_id
);
        {%- endif %}
    {%- endfor %}
insert into landing.vaciados by name
with
tablas as (
    select a.tabla, a.filas as filas_antes, d.filas as filas_despues
    from antes as a
    inner join (
    {%- for tabla in tablas %}
        select '{{ tabla }}' as tabla, count(*) as filas from snapshots.{{ adapter.quote(tabla) }}
        {{- ' union all' if not loop.last }}
    {%- endfor %}
    ) as d on a.tabla = d.tabla
)
select
    v.*,
    (select sum(t.filas_antes) from tablas as t) as filas_antes,
    (select sum(t.filas_despues) from tablas as t) as filas_despues,
    (select list(t order by t.tabla) from tablas as t) as tablas
from vaciado as v
{# One that deletes nothing takes no moment away, and is not logged. #}
where exists (select 1 from tablas as t where t.filas_despues < t.filas_antes);
commit;
checkpoint
    {%- endcall -%}
{%- endmacro %}


{# The log of vacuums, landing.vaciados: written here alone; as_of and the history read it. #}
{% macro create_vacuum_log() -%}
create schema if not exists landing;
create table if not exists landing.vaciados (
    vaciado_en timestamp not null,
    corte timestamp not null,
    momentos timestamp[] not null,
    filas_antes bigint not null,
    filas_despues bigint not null,
    tablas struct(tabla varchar, filas_antes bigint, filas_despues bigint)[]
);
{#- A home of before has a log without it. #}
alter table landing.vaciados add column if not exists tablas struct(tabla varchar, filas_antes bigint, filas_despues bigint)[];
{%- endmacro %}
