{# What a person should know of the seasons: a row that says which periods of the history count as closed, and which to come are
   not forecast for it (the seasons that dim_periodos leaves out: macro closed_seasons);
   and a row where the history is too short to know any season. #}
{% macro season_notes(secciones, calendario) -%}
with
dictados as (select distinct periodo from {{ secciones }} where periodo is not null),

-- Without a calendar, periods are months; another one is refused by its own audit.
limites_de_meses as (
    select
        min(make_date(periodo // 100, periodo % 100, 1)) as primero,
        max(make_date(periodo // 100, periodo % 100, 1)) + interval 12 month as ultimo
    from dictados
    where
        periodo between 190001 and 299912
        and periodo % 100 between 1 and 12
        and not exists (select 1 from {{ calendario }})
),

meses as (select unnest(generate_series(primero, ultimo, interval 1 month)) as mes from limites_de_meses),

periodos as (
    select
        periodo,
        indice,
        estacion
    from {{ calendario }}
    union all
    select
        year(mes) * 100 + month(mes) as periodo,
        row_number() over (order by mes) as indice,
        month(mes) as estacion
    from meses
),

marcados as (
    select
        p.*,
        d.periodo is not null as hay_secciones,
        min(p.indice) filter (where d.periodo is not null) over () as primero,
        max(p.indice) filter (where d.periodo is not null) over () as ultimo,
        max(p.estacion) over () as estaciones
    from periodos as p
    left join dictados as d on p.periodo = d.periodo
),

cerradas as (
    {{ closed_seasons('marcados') }}
)

select
    'programacion' as tabla,
    cast(null as varchar) as archivo,
    cast(null as bigint) as fila,
    'periodo' as columna,
    cast(null as varchar) as valor,
    'no section in ' || string_agg(cast(m.periodo as varchar), ', ' order by m.indice) filter (where m.indice < m.ultimo)
    || ', nor in that season of any other year: it counts as closed then, and has no forecast for '
    || coalesce(
        string_agg(cast(m.periodo as varchar), ', ' order by m.indice)
        filter (where m.indice between m.ultimo and m.ultimo + m.estaciones), 'such periods'
    ) as problema,
    'nothing to do where that is so; else deliver the sections of those periods' as remedio
from marcados as m
inner join cerradas as c on m.estacion = c.estacion
where m.indice between m.primero and m.ultimo + m.estaciones
-- Where it is half of the year, they are no months: that is refused.
having count(*) > 0 and (count(distinct m.estacion) < 6 or exists (select 1 from {{ calendario }}))

union all
select
    'programacion' as tabla,
    cast(null as varchar) as archivo,
    cast(null as bigint) as fila,
    'periodo' as columna,
    cast(null as varchar) as valor,
    'the history has ' || cast(any_value(ultimo - primero + 1) as varchar) || ' periods, and a year has ' || cast(any_value(estaciones) as varchar)
    || ': no season has come back yet, so that the forecast knows none' as problema,
    'deliver older periods if there are any; else compare the forecast with what you know of the season' as remedio
from marcados
having any_value(ultimo - primero + 1) <= any_value(estaciones) and any_value(estaciones) > 1
{%- endmacro %}
