{#- Seeds on Spark, by literals: the adapter hands its values over as text, so that an empty cell becomes the word None and a
    quote ends the statement. -#}
{% macro spark__load_csv_rows(model, agate_table) %}
    {%- set types = spark__seed_types(model, agate_table) -%}
    {%- set statements = [] -%}
    {%- for chunk in agate_table.rows | batch(500) -%}
        {%- set sql -%}
            insert into {{ this.render() }} values
            {% for row in chunk -%}
                ({% for value in row -%}
                    cast({{ spark__literal(value) }} as {{ types[loop.index0] }}){{ ", " if not loop.last }}
                {%- endfor %}){{ ", " if not loop.last }}
            {% endfor %}
        {%- endset -%}
        {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
        {%- if loop.first %}{% do statements.append(sql) %}{% endif -%}
    {%- endfor -%}
    {{ return(statements[0]) }}
{% endmacro %}

{#- The type of each column: as the seed's properties say, else as dbt reads it. -#}
{% macro spark__seed_types(model, agate_table) %}
    {%- set said = model['config'].get('column_types', {}) -%}
    {%- set types = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- do types.append(said.get(name, adapter.convert_type(agate_table, loop.index0))) -%}
    {%- endfor -%}
    {{ return(types) }}
{% endmacro %}

{#- A value as Spark's SQL writes it; a backslash begins an escape there. -#}
{% macro spark__literal(value) -%}
    {%- if value is none -%}null
    {%- else -%}'{{ (value | string).replace('\\', '\\\\').replace("'", "\\'") }}'
    {%- endif -%}
{%- endmacro %}
