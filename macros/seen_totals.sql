{# Today's forecast of the total beside what it has been: of each period to forecast its mean, the sum of its cells' points, the least of its season
   and the most of any period. #}
{% macro seen_totals() -%}
select
        d.periodo,
        d.h,
        p.media,
        c.puntos,
        min(s.y) filter (where (d.indice - s.indice) % d.estaciones_por_ciclo = 0) as menor_de_la_estacion,
        max(s.y) as mayor
    from {{ ref('destinos') }} as d
    inner join {{ ref('corrida') }} as r on d.indice_origen = r.indice_corte
    inner join {{ ref('pronosticos') }} as p
        on d.indice_origen = p.indice_origen and d.h = p.h and p.nivel_jerarquia = 'total'
    inner join (
        select
            horizonte,
            sum(predict_alumnos) as puntos
        from {{ ref('prediccion_detalle') }}
        group by horizonte
    ) as c on d.h = c.horizonte
    inner join {{ ref('series_jerarquia') }} as s
        on s.nivel_jerarquia = 'total' and s.y > 0 and d.indice_origen >= s.indice
    group by d.periodo, d.h, p.media, c.puntos
{%- endmacro %}
