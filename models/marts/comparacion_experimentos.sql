with
juzgados as (select * from {{ ref('experimentos_juzgados') }}),

campeon as (
    select * from juzgados
    where es_campeon
),

retadores as (
    select * from juzgados
    where not es_campeon
),

-- What both were judged at: another experiment may have other origins.
comunes as (
    select distinct
        r.experimento,
        r.indice_origen,
        r.h
    from retadores as r
    inner join campeon as c on r.indice_origen = c.indice_origen and r.h = c.h
),

por_experimento as (
    select
        x.experimento,
        c.indice_origen,
        c.h,
        c.nivel_jerarquia,
        c.unique_id,
        c.experimento as campeon,
        c.pronostico as del_campeon,
        null as del_retador,
        c.y
    from campeon as c
    inner join comunes as x on c.indice_origen = x.indice_origen and c.h = x.h

    union all

    select
        r.experimento,
        r.indice_origen,
        r.h,
        r.nivel_jerarquia,
        r.unique_id,
        null as campeon,
        null as del_campeon,
        r.pronostico as del_retador,
        r.y
    from retadores as r
    inner join comunes as x on r.experimento = x.experimento and r.indice_origen = x.indice_origen and r.h = x.h
),

-- A series that one of them did not forecast counts as its forecast of 0, as everywhere; the truth is one.
parejas as (
    select
        experimento,
        indice_origen,
        h,
        nivel_jerarquia,
        unique_id,
        coalesce(max(del_campeon), 0) as del_campeon,
        coalesce(max(del_retador), 0) as del_retador,
        coalesce(max(y) filter (where campeon is not null), max(y)) as y
    from por_experimento
    group by experimento, indice_origen, h, nivel_jerarquia, unique_id
),

por_horizonte as (
    select
        *,
        cast(h as varchar) as horizonte
    from parejas

    union all

    select
        *,
        'todos' as horizonte
    from parejas
),

-- An origin's series are no independent witnesses: its mean is one.
por_origen as (
    select
        experimento,
        nivel_jerarquia,
        horizonte,
        indice_origen,
        max(h) as pasos,
        count(*) as n,
        sum(y) as alumnos,
        round(sum(abs(del_campeon - y)), 9) as error_campeon,
        round(sum(abs(del_retador - y)), 9) as error_retador,
        round(sum(del_campeon - y), 9) as sesgo_campeon,
        round(sum(del_retador - y), 9) as sesgo_retador,
        round(avg(abs(del_retador - y) - abs(del_campeon - y)), 9) as diferencia
    from por_horizonte
    group by experimento, nivel_jerarquia, horizonte, indice_origen
),

comparaciones as (
    select
        experimento,
        nivel_jerarquia,
        horizonte,
        max(pasos) as pasos,
        sum(n) as n,
        count(*) as origenes,
        sum(alumnos) as alumnos,
        sum(error_campeon) / nullif(sum(alumnos), 0) as wape_campeon,
        sum(error_retador) / nullif(sum(alumnos), 0) as wape_retador,
        sum(sesgo_campeon) / nullif(sum(alumnos), 0) as sesgo_campeon,
        sum(sesgo_retador) / nullif(sum(alumnos), 0) as sesgo_retador,
        round(avg(diferencia), 12) as diferencia_media
    from por_origen
    group by experimento, nivel_jerarquia, horizonte
),

-- The variance of the mean difference: forecasts of h periods ahead share what came in between, so the h - 1 nearest origins count.
varianzas as (
    select
        c.experimento,
        c.nivel_jerarquia,
        c.horizonte,
        round(sum((a.diferencia - c.diferencia_media) * (b.diferencia - c.diferencia_media)), 12) as con_vecinos,
        round(sum(pow(a.diferencia - c.diferencia_media, 2)) filter (where a.indice_origen = b.indice_origen), 12) as sin_vecinos
    from comparaciones as c
    inner join por_origen as a
        on c.experimento = a.experimento and c.nivel_jerarquia = a.nivel_jerarquia and c.horizonte = a.horizonte
    inner join por_origen as b
        on
            c.experimento = b.experimento
            and c.nivel_jerarquia = b.nivel_jerarquia
            and c.horizonte = b.horizonte
            and abs(a.indice_origen - b.indice_origen) < c.pasos
    group by c.experimento, c.nivel_jerarquia, c.horizonte
),

-- With few origins it may come out negative; then it is taken as of one step, as R's forecast::dm.test does.
con_varianza as (
    select
        c.*,
        case when v.con_vecinos > 0 then c.pasos else 1 end as pasos_contados,
        case when v.con_vecinos > 0 then v.con_vecinos else v.sin_vecinos end / pow(c.origenes, 2) as varianza
    from comparaciones as c
    inner join varianzas as v
        on c.experimento = v.experimento and c.nivel_jerarquia = v.nivel_jerarquia and c.horizonte = v.horizonte
),

-- Harvey, Leybourne and Newbold (1997), for few origins.
con_correccion as (
    select
        *,
        origenes - 1 as grados,
        (origenes + 1 - 2 * pasos_contados + pasos_contados * (pasos_contados - 1) / origenes) / origenes as correccion
    from con_varianza
),

estadisticos as (
    select
        *,
        case when varianza > 0 and correccion > 0 then diferencia_media / sqrt(varianza) * sqrt(correccion) end as dm
    from con_correccion
),

probabilidades as (
    select
        *,
        case when dm is not null then round({{ t_two_sided('dm', 'grados') }}, 9) end as p
    from estadisticos
),

ordenadas as (
    select
        *,
        count(p) over () as comparaciones,
        row_number() over (order by p, experimento, nivel_jerarquia, horizonte) as lugar
    from probabilidades
),

-- Holm (1979): the smallest p counts for all comparisons, the next for one less.
ajustadas as (
    select
        *,
        case when p is not null then least(1, max((comparaciones - lugar + 1) * p) over (order by lugar)) end as p_holm
    from ordenadas
)

select
    a.experimento as retador,
    (select any_value(c.experimento) from campeon as c) as campeon,
    a.nivel_jerarquia,
    a.horizonte,
    cast(a.n as integer) as n,
    cast(a.origenes as integer) as origenes,
    cast(a.alumnos as double) as alumnos,
    round(a.wape_campeon, 6) as wape_campeon,
    round(a.wape_retador, 6) as wape_retador,
    round(a.wape_retador - a.wape_campeon, 6) as diferencia_wape,
    round(a.sesgo_campeon, 6) as sesgo_campeon,
    round(a.sesgo_retador, 6) as sesgo_retador,
    round(a.dm, 6) as diebold_mariano,
    round(a.p, 6) as valor_p,
    cast(a.comparaciones as integer) as comparaciones,
    round(a.p_holm, 6) as valor_p_holm
from ajustadas as a
order by retador, a.nivel_jerarquia, a.horizonte
